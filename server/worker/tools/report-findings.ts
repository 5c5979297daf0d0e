import type { ReportedFinding } from "../../../schemas/findings.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { findFile } from "./files.ts";
import { linesOf } from "./lines.ts";
import type { PrivateCopy } from "../copy/copy.ts";
import { done, refused, type Tool } from "./tool.ts";

/** Hands findings to the runtime, if each names a place that is there. */
export const reportFindings: Tool<"report_findings"> = async ({ findings }, context) => {
  const { copy, execution, operation_id, runtime, signal } = context;
  const problems = findings.flatMap((finding, index) =>
    problemsWith(copy, finding).map((problem) => `Finding ${index + 1}: ${problem}`),
  );
  if (problems.length > 0) return refused(`Nothing was reported. ${problems.join(" ")}`);
  const { execution_id } = execution;
  const { ids } = await runtime.reportFindings({ execution_id, operation_id, findings }, signal);
  return done(ids.length === 0 ? "No findings reported." : `Reported as ${ids.join(", ")}.`);
};

/** What is wrong with a reproduction: the runtime would not take it for a test, or it hides a file. */
const reproductionProblems = (copy: PrivateCopy, { reproduction }: ReportedFinding): string[] => {
  if (reproduction == null) return [];
  const { path } = reproduction;
  if (classifyPath(path, copy.layout) !== "test")
    return [`${path} is no test file; name the reproduction like one.`];
  return findFile(copy, path) === null ? [] : [`${path} exists; a reproduction is a new file.`];
};

const problemsWith = (copy: PrivateCopy, finding: ReportedFinding): string[] => {
  const { path, start_line, end_line, fix } = finding;
  const file = findFile(copy, path);
  if (file === null) return [`${path} does not exist.`];
  const lines = linesOf(file.text).length;
  if (start_line > end_line) return [`start_line ${start_line} is after end_line ${end_line}.`];
  if (end_line > Math.max(lines, 1)) return [`${path} has ${lines} lines, not ${end_line}.`];
  return [...fixProblems(file.text, path, fix), ...reproductionProblems(copy, finding)];
};

const fixProblems = (text: string, path: string, fix: ReportedFinding["fix"]): string[] => {
  if (fix === null) return [];
  const places = text.replaceAll("\r\n", "\n").split(fix.old_text.replaceAll("\r\n", "\n")).length - 1;
  return places === 1
    ? []
    : [`old_text of the fix stands ${places} times in ${path}; it must stand once. Or leave the fix out.`];
};
