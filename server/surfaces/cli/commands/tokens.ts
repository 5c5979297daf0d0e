import { z } from "zod";
import { AccessToken } from "../../../../schemas/access.ts";
import { Role } from "../../../../schemas/contract.ts";
import { tableText } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { parseFlagsAs } from "../session/options.ts";
import { type RecordFlags, withConnection } from "./records.ts";

const HOUR_MS = 60 * 60 * 1000;
const hoursOf = { h: 1, d: 24, w: 168 } as const;

/**
 * When a token that is created at `now` (milliseconds) expires: `never`, a day, or a duration such as `90d`.
 */
export const expiryOf = (text: string, now: number): string | null | undefined => {
  if (text === "never") return null;
  const [, count, unit] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    // The expression allows only these units.
    return new Date(now + Number(count) * hoursOf[unit as keyof typeof hoursOf] * HOUR_MS).toISOString();
  return z.iso.date().safeParse(text).success ? `${text}T00:00:00.000Z` : undefined;
};

const Wanted = z.object({
  user: AccessToken.shape.user,
  role: Role,
  expires: z
    .string()
    .transform((text) => expiryOf(text, Date.now()))
    .refine((at) => at !== undefined, "must be a time from now, such as 90d or 12h, a day, or never"),
});

/** `coditect tokens create`: writes only the token to standard output, so that a script can use it. */
export const createToken = (flagsAsGiven: RecordFlags, context: CommandContext): Promise<number> => {
  const { user, role, expires } = parseFlagsAs(Wanted, flagsAsGiven);
  return withConnection(flagsAsGiven, context, async (connection) => {
    const made = await connection.call("tokens/create", { user, role, expires_at: expires ?? null });
    const { terminal } = context;
    terminal.out(`${flagsAsGiven.json === true ? JSON.stringify(made) : made.secret}\n`);
    const until = made.token.expires_at === null ? "does not expire" : `expires ${made.token.expires_at}`;
    terminal.err(`Token of ${user} (${role}), ${until}. It is not shown again.\n`);
    return exitCodes.held;
  });
};

const statusOf = ({ expires_at, revoked_at }: AccessToken, now: string): string => {
  if (revoked_at !== null) return "revoked";
  return expires_at !== null && expires_at <= now ? "expired" : "valid";
};

/** `coditect tokens list`: never shows a secret. */
export const listTokens = (flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { terminal } = context;
    const { items } = await connection.call("tokens/list", {});
    const now = new Date().toISOString();
    const head = ["TOKEN", "USER", "ROLE", "STATUS", "CREATED", "EXPIRES"];
    const rows = items.map((token) => [
      token.token_id,
      token.user,
      token.role,
      statusOf(token, now),
      token.created_at.slice(0, 10),
      token.expires_at?.slice(0, 10) ?? "never",
    ]);
    if (flags.json === true) for (const token of items) terminal.out(`${JSON.stringify(token)}\n`);
    else if (items.length === 0) terminal.out("No tokens.\n");
    else terminal.out(tableText(head, rows, terminal));
    return exitCodes.held;
  });

/** `coditect tokens revoke ID`. */
export const revokeToken = (id: string, flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const token = await connection.call("tokens/revoke", { token_id: id });
    context.terminal.out(
      flags.json === true ? `${JSON.stringify(token)}\n` : `The token of ${token.user} is revoked.\n`,
    );
    return exitCodes.held;
  });
