import type { LineRange } from "../../../schemas/tests.ts";

/** Conditions that hold only where a program was started, and never where it is tested. */
const starts =
  /^(?:if\s*\(.*(?:\brequire\.main\b|\bmodule\.parent\b|\bimport\.meta\.(?:url|main)\b|\bNODE_ENV\b.*\btest\b|\bargv\[1\]).*|if\s+__name__\s*==.*)$/;

/** A condition about what the machine, the engine or a library has: on one machine, it has one outcome. */
const feature =
  /^\s*(?:\}\s*)?(?:else\s+)?(?:if|elif)\b\s*\(?\s*(?:!|not\s)?\s*\(?\s*(?:hasattr\(|sys\.(?:version_info|platform)\b|os\.name\b|typeof\s+[\w.]+\s*[!=]==?\s*["'](?:function|undefined)["']|process\.(?:platform|versions?)\b)[^?]*$/;

/** Lines that ask for what is there on the machine: the tests run on one, and see one outcome. */
export const featureLinesOf = (text: string): LineRange[] =>
  text.split("\n").flatMap((line, index) => (feature.test(line) ? [{ from: index + 1, to: index + 1 }] : []));

/** The blocks of a source that start its program, which a test of the source leaves out. */
export const startersOf = (text: string): LineRange[] => {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    if (!starts.test(line)) return [];
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((each) => each !== "" && !/^\s/.test(each));
    const length = end < 0 ? rest.length : rest[end] === "}" ? end + 1 : end;
    return [{ from: index + 1, to: index + 1 + length }];
  });
};
