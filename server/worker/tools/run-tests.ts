import type { TestReport } from "../../../schemas/tests.ts";
import { toWorkspacePath } from "../../workspace/paths.ts";
import { cutMiddle } from "../output.ts";
import { withSideEffects } from "./run-command.ts";
import type { Tool } from "./tool.ts";

const MOST_FAILURES = 20;
const LONGEST_MESSAGE = 1500;
const LONGEST_OUTPUT = 4000;

/** Runs the project's tests and tells what failed, and why. */
export const runProjectTests: Tool<"run_tests"> = async ({ files, name }, context) => {
  const report = await context.runTests(
    context.copy.root,
    {
      files: files === undefined || files.length === 0 ? null : files.map(toWorkspacePath),
      name: name ?? null,
      coverage: false,
      command: context.execution.test_command,
      timeout_seconds: context.settings.command_timeout_seconds,
    },
    context.signal,
  );
  const is_error = report.outcome === "crashed" || report.outcome === "timed_out";
  return withSideEffects({ content: describeReport(report), is_error, changes: [] }, context);
};

const outcomeWords: Record<TestReport["outcome"], string> = {
  passed: "The tests pass",
  failed: "Tests fail",
  load_error: "Test files could not be loaded",
  no_tests: "No tests ran",
  timed_out: "The tests did not end in time and were stopped",
  crashed: "The test runner ended without a report",
};

/** A report in words for a model: without durations, so that the same result reads the same. */
export function describeReport(report: TestReport): string {
  const { passed, failed, skipped } = report.counts;
  const failures = report.tests.filter(({ status }) => status === "failed");
  const parts = [
    `${outcomeWords[report.outcome]}: ${passed} passed, ${failed} failed, ${skipped} skipped (${report.runner}).`,
    ...report.load_errors.map(({ file, message }) => `${file}: ${cutMiddle(message, LONGEST_MESSAGE)}`),
    ...failures
      .slice(0, MOST_FAILURES)
      .map((test) => `✗ ${test.file} > ${test.name}\n${cutMiddle(test.message ?? "", LONGEST_MESSAGE)}`),
  ];
  if (failures.length > MOST_FAILURES) {
    parts.push(`[cut: ${failures.length - MOST_FAILURES} more failures]`);
  }
  const isUnexplained =
    failures.length === 0 && report.load_errors.length === 0 && report.outcome !== "passed";
  if (isUnexplained) parts.push(cutMiddle(report.output.trim(), LONGEST_OUTPUT));
  return parts.join("\n\n");
}
