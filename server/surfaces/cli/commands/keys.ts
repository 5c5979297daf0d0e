import { SECRET_REFERENCE } from "../../../../schemas/tool-definition.ts";
import { plural } from "../display/format.ts";
import { exitCodes } from "../session/exit.ts";
import type { CredentialStore } from "../../../gateway/credentials.ts";
import { credentialStore, readKey } from "../session/secrets.ts";
import { environmentOf, readTenantName } from "../session/tenants.ts";
import { alignColumns } from "../display/summary.ts";
import { loggedInTo } from "../../../tools/oauth/server-login.ts";
import type { CommandContext } from "../display/terminal.ts";

export interface KeyFlags {
  /** The tenant of a team server whose keys are meant. Omitted: the user's own keys. */
  tenant?: string;
}

const storeOf = ({ tenant }: KeyFlags, { environment }: CommandContext): CredentialStore => {
  if (tenant === undefined) return credentialStore(environment);
  const name = readTenantName(tenant);
  return credentialStore(environmentOf(name, environment), name);
};

/** `coditect credentials set NAME`. */
export const setKey = async (name: string, flags: KeyFlags, context: CommandContext): Promise<number> => {
  const store = storeOf(flags, context);
  const { terminal } = context;
  const given = await readKey(name);
  // A tool's secret may be any text, such as a private key of several lines.
  await (SECRET_REFERENCE.test(name) ? store.setText(name, given) : store.set(name, given));
  terminal.out(`The key for ${name} is stored.\n`);
  return exitCodes.held;
};

/** `coditect credentials rotate NAME`: the previous key stays valid until the next rotation. */
export const rotateKey = async (name: string, flags: KeyFlags, context: CommandContext): Promise<number> => {
  await storeOf(flags, context).rotate(name, await readKey(name));
  context.terminal.out(`The new key for ${name} is used from now on.\n`);
  return exitCodes.held;
};

/** `coditect credentials list`: names and endings, never keys, and the servers that the user logged in to. */
export const listKeys = async (flags: KeyFlags, context: CommandContext): Promise<number> => {
  const { terminal } = context;
  const stored = await storeOf(flags, context).list();
  const rows = stored.map(({ name, keys }) => {
    const isLogin = loggedInTo(name) !== null;
    const since = keys.map(({ ending, added_at }) =>
      isLogin ? `since ${added_at.slice(0, 10)}` : `…${ending} since ${added_at.slice(0, 10)}`,
    );
    return [name, isLogin ? "login" : plural(keys.length, "key"), since.join(", ")];
  });
  terminal.out(
    rows.length === 0 ? "No keys and no logins are stored.\n" : `${alignColumns(rows).join("\n")}\n`,
  );
  return exitCodes.held;
};

/** `coditect credentials remove NAME`. */
export const removeKey = async (name: string, flags: KeyFlags, context: CommandContext): Promise<number> => {
  await storeOf(flags, context).remove(name);
  const login = loggedInTo(name);
  context.terminal.out(`${login === null ? `The key for ${name}` : `The login to ${login}`} is removed.\n`);
  return exitCodes.held;
};
