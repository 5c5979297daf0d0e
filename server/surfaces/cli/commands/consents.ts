import { ConsentName, consentText, type Consent } from "../../../../schemas/consents.ts";
import { fail } from "../../../../schemas/errors.ts";
import { createLocalizer } from "../../../../schemas/localizer.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { withConnection, type RecordFlags } from "./records.ts";

const l10n = createLocalizer({});

const line = ({ name, given_by, created_at }: Consent): string =>
  `${name.padEnd(14)} ${consentText(name, l10n)} (${given_by}, ${created_at})\n`;

/** `coditect consents list`: what the user has allowed for the workspace. */
export const listConsents = (flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { items } = await connection.call("consents/list", {});
    for (const item of items)
      context.terminal.out(flags.json === true ? `${JSON.stringify(item)}\n` : line(item));
    if (items.length === 0 && flags.json !== true)
      context.terminal.out("You have not allowed anything for this workspace.\n");
    return exitCodes.held;
  });

/** `coditect consents revoke NAME`: the user is asked again the next time. Error: `usage`. */
export const revokeConsent = (given: string, flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const name = ConsentName.safeParse(given).data;
    if (name === undefined)
      throw fail("usage", {
        problem: `There is no consent ${given}. Use ${ConsentName.options.join(", ")}.`,
      });
    await connection.call("consents/set", { name, given: false });
    if (flags.json !== true)
      context.terminal.out(`Revoked ${name}. CODITECT asks again when it is needed.\n`);
    return exitCodes.held;
  });
