import { hunksOf, type ChangedSource } from "./hunks.ts";
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

/** A comment of whole lines, next to the texts that could contain such lines. */
const block =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`|^[^\S\n]*\/\*(?:(?!\*\/)[^])*\*\/(?=[^\S\n]*$)/gm;
/** Patterns and lines of comments that contain a backquote. */
const patternWithQuote = /\/[^/\n]*`[^/\n]*\/(?:[dgimsuvy]*[.,;:)\]\s]|$)/m;
const remarkWithQuote = /(?:^\s*(?:\/\/|\/?\*)|\s\/\/).*`.*$/gm;

/** Whether a single backquote in a pattern or a comment hides where the texts in backquotes begin and end. */
const confusesTexts = (text: string): boolean =>
  patternWithQuote.test(text) ||
  (text.match(remarkWithQuote) ?? []).some((line) => line.split("`").length % 2 === 0);

const withoutBlocks = (text: string): string =>
  confusesTexts(text)
    ? text
    : text.replace(block, (found) => (/^\s*\/\*/.test(found) ? withoutLetters(found) : found));

/**
 * The source without docstrings, comments of whole lines and comments at the end of lines, which may have the examples
 * of its tests. Lines keep their numbers. A source to which the change adds code that reads its own text stays as it
 * is.
 */
export const withoutRemarks = (source: ChangedSource): ChangedSource => {
  const { path, before, after } = source;
  const isPython = path.endsWith(".py");
  if (!isPython && !/\.[cm]?[jt]sx?$/.test(path)) return source;
  const added = hunksOf(source).flatMap((hunk) => hunk.added);
  if (readsItself(path, added.join("\n"))) return source;
  const bare = (text: string | null): string | null =>
    text === null
      ? null
      : isPython
        ? text.replace(docstring, withoutLetters).replace(beforeRemark.python, "$1")
        : withoutBlocks(text).replace(beforeRemark.script, "$1");
  return { ...source, before: bare(before), after: bare(after) };
};
