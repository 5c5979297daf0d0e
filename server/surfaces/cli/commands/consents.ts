import { ConsentName, consentText, type Consent } from "../../../../schemas/consents.ts";
import { fail } from "../../../../schemas/errors.ts";
import { createLocalizer } from "../../../../schemas/localizer.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { withConnection, type RecordFlags } from "./records.ts";

const l10n = createLocalizer({});

const line = (consent: Consent): string =>
  `${consent.name.padEnd(14)} ${consentText(consent, l10n)} (${consent.given_by}, ${consent.created_at})\n`;

/** `coditect consents list`: lists what the user allowed for the workspace. */
export const listConsents = (flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { items } = await connection.call("consents/list", {});
    for (const item of items)
      context.terminal.out(flags.json === true ? `${JSON.stringify(item)}\n` : line(item));
    if (items.length === 0 && flags.json !== true)
      context.terminal.out("You have not allowed anything for this workspace.\n");
    return exitCodes.held;
  });

/**
 * `coditect consents revoke NAME [OF]`: CODITECT asks the user again the next time. `of`: revokes only the
 * consent for this, such as `Coder: prettier`. Error: `usage`.
 */
export const revokeConsent = (
  given: string,
  of: string | null,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const name = ConsentName.safeParse(given).data;
    if (name === undefined)
      throw fail("usage", {
        problem: `There is no consent ${given}. Use ${ConsentName.options.join(", ")}.`,
      });
    const { items } = await connection.call("consents/list", {});
    if (of !== null && !items.some((known) => known.name === name && known.of === of))
      throw fail("usage", { problem: `There is no consent ${name} for ${of}. See coditect consents list.` });
    await connection.call("consents/set", { name, of, given: false });
    const what = of === null ? name : `${name} for ${of}`;
    if (flags.json !== true)
      context.terminal.out(`Revoked ${what}. CODITECT will ask again when it needs your consent.\n`);
    return exitCodes.held;
  });
