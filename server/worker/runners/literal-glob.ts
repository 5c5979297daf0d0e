/**
 * A glob that matches one path, for runners that take globs as arguments. Folders may be called `[id]`, `(group)` or
 * `{a,b}`. Node's globs have no escape character, so each special character becomes a character class. Braces become
 * `?`, because they are expanded before classes are read.
 */
export const literalGlob = (path: string): string =>
  path.replace(/[{}]/g, "?").replace(/[[\]()*]/g, (character) => `[${character}]`);
