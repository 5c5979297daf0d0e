/**
 * Which values of a workspace count. No rule gives an agent more rights than the user does.
 *
 * - `lower`: a smaller number counts. `null` means no limit and is the largest value.
 * - `off`: only `false` counts. `on`: only `true` counts.
 * - `subset`: only items that the user lists as well count.
 * - `user`: no value counts; only the user can set it.
 * - `any`: every value counts, because the setting gives nobody more rights.
 * - a list of values from the loosest to the strictest: a stricter value than the user's counts.
 */
export type WorkspaceRule = "lower" | "off" | "on" | "subset" | "user" | "any" | readonly string[];

const size = (value: unknown): number => (typeof value === "number" ? value : Infinity);

export const isListOf = (value: unknown): value is unknown[] => Array.isArray(value);

const placeIn = (rule: readonly string[], value: unknown): number =>
  typeof value === "string" ? rule.indexOf(value) : -1;

/** The part of a workspace's value that counts, given the user's value; undefined if no part does. */
export const tightened = (rule: WorkspaceRule, own: unknown, asked: unknown): unknown => {
  switch (rule) {
    case "any":
      return asked;
    case "user":
      return undefined;
    case "off":
      return asked === false ? false : undefined;
    case "on":
      return asked === true ? true : undefined;
    case "lower":
      return size(asked) < size(own) ? asked : undefined;
    case "subset":
      return isListOf(own) && isListOf(asked) ? own.filter((item) => asked.includes(item)) : undefined;
    default: {
      // A value that the list does not have is neither loosened nor chosen by a workspace.
      const [from, to] = [placeIn(rule, own), placeIn(rule, asked)];
      return from >= 0 && to > from ? asked : undefined;
    }
  }
};

/** A setting of the editor in each place where it can be written; undefined where it is not written. */
export interface WrittenSetting<Value> {
  globalValue?: Value | undefined;
  workspaceValue?: Value | undefined;
  workspaceFolderValue?: Value | undefined;
}

/** The user's value or the default, tightened by the workspace and then by the folder. */
export const tightenedSetting = <Value>(
  rule: WorkspaceRule,
  byDefault: Value,
  written: WrittenSetting<Value> | undefined,
): unknown =>
  [written?.workspaceValue, written?.workspaceFolderValue].reduce<unknown>(
    (own, asked) => (asked === undefined ? own : (tightened(rule, own, asked) ?? own)),
    written?.globalValue === undefined ? byDefault : written.globalValue,
  );
