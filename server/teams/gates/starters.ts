import type { LineRange } from "../../../schemas/tests.ts";
import { LONGEST_LINE } from "./asks-where.ts";

/** Conditions that are true only if the file was started as a program, and never in a test. */
const starts = [
  /\brequire\.main\s*===?\s*module\b|\bmodule\s*===?\s*require\.main\b|!\s*module\.parent\b/,
  /\bimport\.meta\.main\b|\bimport\.meta\.(?:url|filename)\)?\s*===?|===?[^=]*\bimport\.meta\.(?:url|filename)\b/,
  /\bargv\[1\]\s*===?|===?\s*[^=]*\bargv\[1\]|\bargv\[1\]\??\.endsWith\(/,
  /\bNODE_ENV\b[^=]*!==?\s*["']test["']/,
];
const isStart = (line: string): boolean =>
  (line.length <= LONGEST_LINE && /^if\s*\(/.test(line) && starts.some((each) => each.test(line))) ||
  /^if\s+__name__\s*==\s*["']__main__["']/.test(line);

/** A condition about the machine, the engine or a library. On one machine, it always has the same result. */
const feature =
  /^\s*(?:\}\s*)?(?:else\s+)?(?:if|elif)\b\s*\(?\s*(?:!|not\s)?\s*\(?\s*(?:hasattr\((?!\s*(?:sys|os|builtins)\s*,\s*["']_)|sys\.(?:version_info|platform)\b|os\.name\b|typeof\s+(?!__|[A-Z][A-Z\d]*_)[\w.]+\s*[!=]==?\s*["'](?:function|undefined)["']|process\.(?:platform|versions?)\b)[^?]*$/;

/** Whether a line has such a condition. Blanks are merged, because many in a row make the expression slow. */
const isFeature = (line: string): boolean => feature.test(line.replace(/\s+/g, " "));

/** Lines with such conditions. Tests run on one machine, so they see only one result. */
export const featureLinesOf = (text: string): LineRange[] =>
  text.split("\n").flatMap((line, index) => (isFeature(line) ? [{ from: index + 1, to: index + 1 }] : []));

/** The blocks of a source that start its program. They do not run when a test loads the source. */
export const startersOf = (text: string): LineRange[] => {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    if (!isStart(line)) return [];
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((each) => each !== "" && !/^\s/.test(each));
    const length = end < 0 ? rest.length : rest[end] === "}" ? end + 1 : end;
    return [{ from: index + 1, to: index + 1 + length }];
  });
};
