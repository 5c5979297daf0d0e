/**
 * What a value of a workspace can do. Whatever the rule: it never gives an agent more than the user
 * does.
 *
 * - `lower`: a smaller number counts; `null`, no cap, is the largest.
 * - `off`: only `false` counts; `on`: only `true` does.
 * - `subset`: of what the user lists, what the workspace lists as well.
 * - `user`: nothing; it is the user's alone.
 * - `any`: every value; it gives nobody more rights.
 * - a list: a value further behind counts, from the loosest to the strictest.
 */
export type WorkspaceRule = "lower" | "off" | "on" | "subset" | "user" | "any" | readonly string[];

const size = (value: unknown): number => (typeof value === "number" ? value : Infinity);

export const isListOf = (value: unknown): value is unknown[] => Array.isArray(value);

/** The part of a workspace's value that counts, given the user's; undefined: none of it. */
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
    default:
      // A value that the list does not have is neither loosened nor chosen by a workspace.
      return rule.includes(String(own)) && rule.indexOf(String(asked)) > rule.indexOf(String(own))
        ? asked
        : undefined;
  }
};

/** A setting of the editor, at the places where it can be written; undefined: it is not written there. */
export interface WrittenSetting<Value> {
  globalValue?: Value | undefined;
  workspaceValue?: Value | undefined;
  workspaceFolderValue?: Value | undefined;
}

/** The user's value or the default, as far as the workspace and then the folder leave it. */
export const tightenedSetting = <Value>(
  rule: WorkspaceRule,
  byDefault: Value,
  written: WrittenSetting<Value> | undefined,
): unknown =>
  [written?.workspaceValue, written?.workspaceFolderValue].reduce<unknown>(
    (own, asked) => (asked === undefined ? own : (tightened(rule, own, asked) ?? own)),
    written?.globalValue === undefined ? byDefault : written.globalValue,
  );

/**
 * Whether somebody set it: the user, or a workspace to a value that counts. What a workspace asks for in
 * vain must not take the place of what the user set elsewhere.
 */
export const isWrittenSetting = <Value>(
  rule: WorkspaceRule,
  byDefault: Value,
  written: WrittenSetting<Value> | undefined,
): boolean =>
  written?.globalValue !== undefined ||
  [written?.workspaceValue, written?.workspaceFolderValue].some(
    (asked) => asked !== undefined && tightened(rule, byDefault, asked) !== undefined,
  );
