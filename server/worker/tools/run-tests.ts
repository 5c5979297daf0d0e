import { basename } from "node:path";
import { fail } from "../../../schemas/errors.ts";
import type { TestCase, TestReport } from "../../../schemas/tests.ts";
import { toWorkspacePath } from "../../workspace/paths.ts";
import { stateOf } from "../copy/files.ts";
import { stalePackages } from "../copy/stale.ts";
import { cutMiddle } from "../output.ts";
import { withoutTraces } from "./run-command.ts";
import { done, type Tool } from "./tool.ts";

const MOST_FAILURES = 20;
const LONGEST_MESSAGE = 1500;
const LONGEST_OUTPUT = 4000;

/**
 * Runs the project's tests and reports which failed, and why. What the tests wrote is undone. The same
 * tests on the same files are not run twice, and the result says so. Gates never use this cache: they
 * measure each time.
 */
export const runProjectTests: Tool<"run_tests"> = async ({ files, name }, context) => {
  const { copy, execution, settings, signal } = context;
  const request = {
    files: files === undefined || files.length === 0 ? null : files.map(toWorkspacePath),
    name: name ?? null,
    coverage: false,
    command: execution.test_command,
    timeout_seconds: settings.command_timeout_seconds,
    ...(settings.test_report !== undefined && { report: settings.test_report }),
  };
  const written = [...copy.written.values()].map((change) => [change.path, stateOf(change)]);
  const key = JSON.stringify([request, written.sort()]);
  const known = copy.testResults.get(key);
  if (known !== undefined) return done(`${known}\n[not run again: no file has changed since]`);

  const report = await context.runTests(copy.root, request, signal, stalePackages(copy), copy.layout);
  // To the runtime, that is an empty suite; an agent that wants to run a test has to know what is
  // missing.
  if (report.outcome === "no_tests" && report.command.length === 0)
    throw fail("no_test_runner", { workspace: basename(copy.root) });
  const is_error = report.outcome === "crashed" || report.outcome === "timed_out";
  const result = await withoutTraces(
    { content: describeReport(report, new Set(execution.known_failures)), is_error, changes: [] },
    context,
  );
  if (!result.is_error) copy.testResults.set(key, result.content);
  return result;
};

const outcomeWords: Record<TestReport["outcome"], string> = {
  passed: "The tests pass",
  failed: "Tests fail",
  load_error: "Test files could not be loaded",
  no_tests: "No tests ran",
  timed_out: "The tests did not end in time and were stopped",
  crashed: "The test runner ended without a report",
};

/** Addresses in memory differ from run to run and tell a model nothing. */
const withoutAddresses = (message: string): string => message.replace(/\b0x[0-9a-f]{6,16}\b/gi, "0x…");

/** A report in words for a model: without durations, so that the same result reads the same. */
export const describeReport = (report: TestReport, known: ReadonlySet<string> = new Set()): string => {
  const { passed, failed, skipped } = report.counts;
  const isKnown = (test: TestCase): boolean => known.has(`${test.file} > ${test.name}`);
  const all = report.tests.filter(({ status }) => status === "failed");
  // What broke since the run began comes first: the agent has to fix it.
  const failures = [...all.filter((test) => !isKnown(test)), ...all.filter(isKnown)];
  const parts = [
    `${outcomeWords[report.outcome]}: ${passed} passed, ${failed} failed, ${skipped} skipped (${report.runner}).`,
    ...report.load_errors.map(({ file, message }) => `${file}: ${cutMiddle(message, LONGEST_MESSAGE)}`),
    ...report.errors.map(({ name, message }) => `${name}\n${cutMiddle(message, LONGEST_MESSAGE)}`),
    ...failures
      .slice(0, MOST_FAILURES)
      .map((test) =>
        isKnown(test)
          ? `✗ ${test.file} > ${test.name}\n[failed before the run already]`
          : `✗ ${test.file} > ${test.name}\n${cutMiddle(withoutAddresses(test.message ?? ""), LONGEST_MESSAGE)}`,
      ),
  ];
  if (failures.length > MOST_FAILURES) {
    parts.push(`[cut: ${failures.length - MOST_FAILURES} more failures]`);
  }
  const isUnexplained =
    failures.length + report.load_errors.length + report.errors.length === 0 && report.outcome !== "passed";
  if (isUnexplained) parts.push(cutMiddle(report.output.trim(), LONGEST_OUTPUT));
  return parts.join("\n\n");
};
