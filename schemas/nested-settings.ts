import type { SettingKey } from "./setting-table.ts";

/** The values of some settings, by key. */
export type SettingValues = Partial<Record<SettingKey, unknown>>;

export const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Settings by key, nested as in a file. */
export const nestSettings = (values: SettingValues): Record<string, unknown> => {
  const nested: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const [group = key, field] = key.split(".");
    if (field === undefined) nested[key] = value;
    else nested[group] = { ...(isGroup(nested[group]) ? nested[group] : {}), [field]: value };
  }
  return nested;
};
