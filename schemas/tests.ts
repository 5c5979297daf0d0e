import { z } from "zod";
import { Count, Milliseconds } from "./primitives.ts";

/**
 * Test runners the runtime reads reports of; `report` is any command that writes a report the user names,
 * `command` any command with an exit code.
 */
export const TestRunner = z.enum([
  "vitest",
  "jest",
  "mocha",
  "node:test",
  "ava",
  "jasmine",
  "tap",
  "tape",
  "uvu",
  "karma",
  "playwright",
  "cypress",
  "bun",
  "deno",
  "pytest",
  "unittest",
  "go",
  "cargo",
  "nextest",
  "maven",
  "gradle",
  "dotnet",
  "phpunit",
  "rspec",
  "minitest",
  "ctest",
  "report",
  "command",
]);
export type TestRunner = z.infer<typeof TestRunner>;

export const TestStatus = z.enum(["passed", "failed", "skipped"]);

/**
 * Why a test failed, from its error and not from its text: `assertion`: an assertion did not
 * hold; `missing`: a name it looks up is not there yet; `refused`: it reached an assertion in a run
 * that refuses every one; `doubted`: the same, but of the project's own making, so that it may be one that never
 * fails; `error`: anything else.
 */
export const TestFailure = z.enum(["assertion", "missing", "refused", "doubted", "error"]);
export type TestFailure = z.infer<typeof TestFailure>;

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
  /** Left out when it did not fail, or when the runner does not tell. */
  failure: TestFailure.optional(),
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

/** Something a file did in a test run to influence how it is judged, seen while it happened. */
export const Tampering = z.strictObject({
  /** Relative to the workspace, with `/`; empty when the file is not known. */
  path: z.string(),
  line: Count.nullable(),
  /** What it did, as the predicate of a sentence: "ends the process". */
  what: z.string(),
});
export type Tampering = z.infer<typeof Tampering>;

/** A small wrong change to a line, made to see whether a test notices. */
export const Mutant = z.strictObject({
  /** What switches it on. */
  id: z.string(),
  path: z.string(),
  line: z.int(),
  end_line: z.int(),
  /** What is done to the code. */
  kind: z.string(),
  /** The code in place of the original. */
  replacement: z.string(),
  /**
   * For a comparison that differs only where both sides are equal: what switches on, in its place, an
   * error as soon as they are.
   */
  boundary: z.string().optional(),
  /** For a text that a function returns, which this mutant empties: what switches on another text instead. */
  other_text: z.string().optional(),
});
export type Mutant = z.infer<typeof Mutant>;

/** That a test reached the code of a mutant. */
export const MutantReached = z.strictObject({
  id: z.string(),
  /** The test file; empty if the mutant was reached outside any test, which may affect all tests. */
  file: z.string(),
  /** Names of the suites and of the test; `null` if only the file is known. */
  test: z.string().nullable(),
});
export type MutantReached = z.infer<typeof MutantReached>;

/** Lines of a text, both included, counted from 1. */
export const LineRange = z.strictObject({ from: z.int().min(1), to: z.int().min(1) });
export type LineRange = z.infer<typeof LineRange>;

/** How a test run differs from an ordinary one, to see what its tests are worth. */
export const TestProbe = z.strictObject({
  /** Files of the judged change: they see no sign of a test run, and are reported when they look for one. */
  suspects: z.array(z.string()).default([]),
  /** Every assertion throws as soon as it is reached: a test that still passes has none. */
  refuse_assertions: z.boolean().default(false),
  /** The mutant that is switched on; `null`: none. */
  mutant: z.string().nullable().default(null),
  /** Lines of Python files whose mutants are listed, and switched on by `mutant`. */
  mutable: z.array(z.strictObject({ path: z.string(), ranges: z.array(LineRange) })).default([]),
  /** Whether the run tells which mutants its tests reach. */
  tell_reached: z.boolean().default(false),
  /**
   * Tests that run, by name (`file > suites > test`), and files of which each test runs; `null`: all.
   * A runner that cannot leave tests out runs every one of their files.
   */
  only: z.array(z.string()).nullable().default(null),
  /** Seed of the order tests run in and of `Math.random`; `null`: as the project has them. */
  seed: z.int().nonnegative().nullable().default(null),
  /** How far the clock is ahead. */
  clock_ahead_ms: Milliseconds.default(0),
});
export type TestProbe = z.infer<typeof TestProbe>;

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
  /** Requested test files that the build leaves out without an error, with the reason: none of their tests ran. */
  left_out: z.array(z.strictObject({ file: z.string(), reason: z.string() })).optional(),
  /**
   * What went wrong outside of any test: an uncaught error, a step of the test script that
   * failed, an exit code that no test explains. `name` is the same from run to run. `build`: the folder of
   * the package whose build failed.
   */
  errors: z
    .array(z.strictObject({ name: z.string(), message: z.string(), build: z.string().optional() }))
    .default([]),
  /**
   * The project's own command ended without running a test, and the runners ran without it; left out: it ran the
   * tests, or there is none.
   */
  without_own_command: z.literal(true).optional(),
  /** Every program that ran tests, in order: a runner with its own folder and arguments. */
  parts: z.array(z.strictObject({ name: z.string(), exit_code: z.int().nullable() })).default([]),
  coverage: Coverage.nullable(),
  duration_ms: Milliseconds,
  /** Output of the runner, cut in the middle when it was long. */
  output: z.string(),
  /**
   * Why no test could run, whatever the code is: a runner, a package or a toolchain is not installed, or
   * a runner ends before its first test. `mend`: what the user can do about it.
   */
  environment: z
    .strictObject({
      problem: z.string(),
      mend: z.string(),
      /** An environment file that tests need and that is not in the private copy. */
      closed_file: z.string().optional(),
    })
    .optional(),
  /** A witness watched, so the run was as its probe asked; left out: it was an ordinary run. */
  watched: z.literal(true).optional(),
  /** Mutants of the probe's `mutable` lines; left out when there are none. */
  mutants: z.array(Mutant).optional(),
  /** Mutants that were reached, and by which tests; left out if this was not measured or no mutant was reached. */
  reached: z.array(MutantReached).optional(),
  /** What files did to influence the judgement; left out when nothing was seen. */
  tampering: z.array(Tampering).optional(),
});
export type TestReport = z.infer<typeof TestReport>;
