import { z } from "zod";
import { isGroup, nestSettings, type SettingValues } from "./nested-settings.ts";
import { Json } from "./primitives.ts";
import { isSettingKey, settingKeys, settingTable } from "./setting-table.ts";
import { Settings, type SettingsInput } from "./settings.ts";
import { isListOf, tightened } from "./tighten.ts";

/** The origin of a setting's value, from the weakest to the strongest. The workspace tightens last. */
export const SettingOrigin = z.enum(["default", "environment", "user", "editor", "flag", "workspace"]);
export type SettingOrigin = z.infer<typeof SettingOrigin>;

/** A setting with its value, for lists. */
export const SettingValue = z.strictObject({
  key: z.string(),
  value: Json,
  origin: SettingOrigin,
  /** The value that the workspace requests but does not get, because it would loosen the user's value. */
  ignored: Json.nullable(),
  text: z.string(),
});
export type SettingValue = z.infer<typeof SettingValue>;

/** The settings of one place, such as the user's file. */
export interface SettingLevel {
  origin: Exclude<SettingOrigin, "default" | "workspace">;
  values: SettingValues;
}

/** Converts settings that are nested as in a file into settings by key. `provider` is one value. */
export const flattenSettings = (input: SettingsInput | Record<string, unknown>): SettingValues => {
  const values: SettingValues = {};
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    if (isSettingKey(name)) values[name] = value;
    else if (isGroup(value))
      for (const [field, part] of Object.entries(value)) {
        const key = `${name}.${field}`;
        if (isSettingKey(key) && part !== undefined) values[key] = part;
      }
  }
  return values;
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Whether a workspace gets everything that it requests. */
const isGranted = (value: unknown, asked: unknown): boolean =>
  isListOf(value) && isListOf(asked) ? asked.every((item) => value.includes(item)) : isSame(value, asked);

/**
 * The effective settings, each with its origin. Later levels override earlier ones. After that, each place in
 * the workspace can tighten a setting by its rule, but cannot loosen it.
 */
export const resolveSettings = (
  levels: readonly SettingLevel[],
  ...workspace: readonly SettingValues[]
): { settings: Settings; list: SettingValue[] } => {
  const defaults = flattenSettings(Settings.parse({}));
  const values: SettingValues = {};
  const list = settingKeys.map((key): SettingValue => {
    const { text, workspace: rule } = settingTable[key];
    const level = levels.findLast((each) => each.values[key] !== undefined);
    const own = level === undefined ? defaults[key] : level.values[key];
    const asked = workspace.flatMap((place) => (place[key] === undefined ? [] : [place[key]]));
    const value = asked.reduce((strictest, each) => tightened(rule, strictest, each) ?? strictest, own);
    const last = asked.at(-1);
    values[key] = value;
    return {
      key,
      value: Json.parse(value),
      origin: isSame(value, own) ? (level?.origin ?? "default") : "workspace",
      ignored: last === undefined || isGranted(value, last) ? null : Json.parse(last),
      text,
    };
  });
  return { settings: Settings.parse(nestSettings(values)), list };
};
