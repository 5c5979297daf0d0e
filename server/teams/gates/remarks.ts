import type { ChangedSource } from "./hunks.ts";
import { readsItself } from "./written-out.ts";

/** The first text of a Python module, function or class. */
const docstring =
  /(?:(?<![^])|(?<=^[^\S\n]*(?:(?:(?:async[^\S\n]+)?def|class)\b|\)).*:[^\S\n]*\n))\s*[rRuU]?("""|''')[^]*?\1(?=[^\S\n]*$)/gm;
/** The code of a line up to its comment. A mark in a text begins none. */
const beforeRemark = {
  python: /^((?:[^"'\n]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')*?\s)#\s.*$/gm,
  script: /^((?:[^"'`\n]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\\n]|\\.)*`)*?\s)\/\/\s.*$/gm,
};

const withoutLetters = (text: string): string => text.replace(/[^\n]/g, "");

/**
 * The source without docstrings and comments at the end of lines, which may have the examples of its tests. Lines keep
 * their numbers. A source that reads its own text stays as it is.
 */
export const withoutRemarks = (source: ChangedSource): ChangedSource => {
  const { path, before, after } = source;
  const isPython = path.endsWith(".py");
  if (!isPython && !/\.[cm]?[jt]sx?$/.test(path)) return source;
  if (readsItself(path, after ?? "")) return source;
  const bare = (text: string | null): string | null =>
    text === null
      ? null
      : isPython
        ? text.replace(docstring, withoutLetters).replace(beforeRemark.python, "$1")
        : text.replace(beforeRemark.script, "$1");
  return { ...source, before: bare(before), after: bare(after) };
};
