import { z } from "zod";
import { Count, Milliseconds } from "./primitives.ts";

/** Test runners the runtime reads reports of; `command` is any command with an exit code. */
export const TestRunner = z.enum([
  "vitest",
  "jest",
  "mocha",
  "node:test",
  "ava",
  "jasmine",
  "tap",
  "playwright",
  "bun",
  "deno",
  "pytest",
  "go",
  "cargo",
  "maven",
  "gradle",
  "dotnet",
  "phpunit",
  "rspec",
  "minitest",
  "ctest",
  "command",
]);
export type TestRunner = z.infer<typeof TestRunner>;

export const TestStatus = z.enum(["passed", "failed", "skipped"]);

/** One test, as the runner's own report tells it. */
export const TestCase = z.strictObject({
  /** Relative to the workspace, with `/`. */
  file: z.string(),
  /** Names of the enclosing suites and of the test, joined with ` > `. */
  name: z.string(),
  status: TestStatus,
  duration_ms: Milliseconds.nullable(),
  /** The failure's message, cut; `null` when it did not fail. */
  message: z.string().nullable(),
});
export type TestCase = z.infer<typeof TestCase>;

/** Lines covered of lines that can be. */
export const LineCoverage = z.strictObject({ covered: Count, total: Count });
export type LineCoverage = z.infer<typeof LineCoverage>;

/** Coverage as the runner's own report has it. */
export const Coverage = LineCoverage.extend({ files: z.record(z.string(), LineCoverage) });
export type Coverage = z.infer<typeof Coverage>;

/**
 * How a test run ended: `passed`: at least one test ran and none failed; `failed`: tests ran and
 * some failed; `load_error`: a test file could not be loaded; `no_tests`: nothing ran;
 * `timed_out`, `crashed`: the runner gave no usable report.
 */
export const TestOutcome = z.enum(["passed", "failed", "load_error", "no_tests", "timed_out", "crashed"]);
export type TestOutcome = z.infer<typeof TestOutcome>;

/** What a run of the project's tests showed, read from the runner's machine-readable report. */
export const TestReport = z.strictObject({
  runner: TestRunner,
  /** The command as it was run, program first. */
  command: z.array(z.string()),
  outcome: TestOutcome,
  exit_code: z.int().nullable(),
  counts: z.strictObject({ passed: Count, failed: Count, skipped: Count }),
  tests: z.array(TestCase),
  /** Test files that could not be loaded, with the reason. */
  load_errors: z.array(z.strictObject({ file: z.string(), message: z.string() })),
  /**
   * What went wrong outside of any test: an error nobody caught, a step of the test script that
   * failed, an exit code that no test explains. `name` is the same from run to run.
   */
  errors: z.array(z.strictObject({ name: z.string(), message: z.string() })).default([]),
  /** Every program that ran tests, in order: a runner with its own folder and arguments. */
  parts: z.array(z.strictObject({ name: z.string(), exit_code: z.int().nullable() })).default([]),
  coverage: Coverage.nullable(),
  duration_ms: Milliseconds,
  /** Output of the runner, cut in the middle when it was long. */
  output: z.string(),
});
export type TestReport = z.infer<typeof TestReport>;
