/**
 * A glob that means one path, for runners that take their file arguments as globs: folders may be
 * called `[id]`, `(group)` or `{a,b}`. Node's globs know no escape sign, so each special character
 * becomes a class of its own; braces are expanded before classes are read, and become `?`.
 */
export const literalGlob = (path: string): string =>
  path.replace(/[{}]/g, "?").replace(/[[\]()*]/g, (character) => `[${character}]`);
