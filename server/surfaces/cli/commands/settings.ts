import type { Json } from "../../../../schemas/primitives.ts";
import type { SettingValue } from "../../../../schemas/resolve-settings.ts";
import { redactText, redactValue } from "../../../workspace/redact.ts";
import { alignColumns } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { valueOf } from "../session/options.ts";
import { type RecordFlags, withConnection } from "./records.ts";

export interface SettingFlags extends RecordFlags {
  /** Writes the file of the workspace, which can only tighten, instead of the user's own. */
  project?: boolean;
}

const shown = (value: Json): string =>
  redactText(typeof value === "string" ? value : JSON.stringify(value), []);

const lineOf = ({ key, value, origin, ignored, text }: SettingValue): string[] => [
  key,
  shown(value),
  ignored === null ? origin : `${origin} (the workspace's ${shown(ignored)} does not count)`,
  text,
];

/** The value without secrets, such as a password in an address. */
const withoutSecrets = (item: SettingValue): unknown => redactValue(item, []);

const show = (items: readonly SettingValue[], flags: RecordFlags, { terminal }: CommandContext): void => {
  if (flags.json === true)
    terminal.out(items.map((item) => `${JSON.stringify(withoutSecrets(item))}\n`).join(""));
  else terminal.out(`${alignColumns(items.map(lineOf)).join("\n")}\n`);
};

/** `coditect settings list`: every setting with its value and origin. */
export const listSettings = (flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    show((await connection.call("settings/list", {})).items, flags, context);
    return exitCodes.held;
  });

const scopeOf = ({ project }: SettingFlags): "user" | "workspace" =>
  project === true ? "workspace" : "user";

/** `coditect settings set KEY VALUE`. */
export const setSetting = (
  key: string,
  text: string,
  flags: SettingFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { items } = await connection.call("settings/set", {
      key,
      value: valueOf(text),
      scope: scopeOf(flags),
    });
    show(
      items.filter((item) => item.key === key),
      flags,
      context,
    );
    return exitCodes.held;
  });

/** `coditect settings unset KEY`. */
export const unsetSetting = (key: string, flags: SettingFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { items } = await connection.call("settings/unset", { key, scope: scopeOf(flags) });
    show(
      items.filter((item) => item.key === key),
      flags,
      context,
    );
    return exitCodes.held;
  });
