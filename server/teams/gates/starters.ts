import type { LineRange } from "../../../schemas/tests.ts";

/** Conditions that hold only where a program was started, and never where it is tested. */
const starts =
  /^(?:if\s*\(.*(?:\brequire\.main\b|\bmodule\.parent\b|\bimport\.meta\.(?:url|main)\b|\bNODE_ENV\b.*\btest\b|\bargv\[1\]).*|if\s+__name__\s*==.*)$/;

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
