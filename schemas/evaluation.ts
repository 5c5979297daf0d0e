import { z } from "zod";
import { Count, Ratio, WorkspacePath } from "./primitives.ts";
import { RunStatus } from "./run.ts";

/** Lines of a file, both counted from 1 and both included. */
const Lines = z.strictObject({
  path: WorkspacePath,
  start_line: Count.min(1),
  end_line: Count.min(1),
});

const common = {
  $schema: z.string().optional(),
  /** For people: what the task shows. */
  description: z.string().default(""),
  /** What the agents are asked. */
  task: z.string().default(""),
  /** The file it is about. */
  file: WorkspacePath.nullable().default(null),
};

/**
 * `task.json` of a task of a suite. `solve`: `project/` is what the team works on, `hidden/` the
 * tests that decide, which no agent ever sees. `review`: `buggy/` and `fixed/` are the same project
 * with and without one defect.
 */
export const EvaluationTask = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("solve"),
    ...common,
    workflow: z.string().default("tdd"),
    /** How the hidden tests are run; left out: found from the project. */
    test_command: z.string().nullable().default(null),
    /** Which files of `hidden/` are tests; left out: the project's whole suite is run with them. */
    tests: z.array(WorkspacePath).nullable().default(null),
  }),
  z.strictObject({
    kind: z.literal("review"),
    ...common,
    workflow: z.string().default("review"),
    /** Where the defect is in `buggy/`: a finding that touches these lines has found it. */
    defect: Lines,
  }),
]);
export type EvaluationTask = z.infer<typeof EvaluationTask>;

const trial = {
  /** Folder of the task in the suite. */
  task: z.string(),
  /** Counts from 1. */
  sample: Count.min(1),
  /** `Claude/claude-…`: who was asked. */
  model: z.string(),
  /** Why there is no result: the provider or the machine failed; null: there is one. */
  error: z.string().nullable(),
  tokens: Count,
  /** Dollars; null: the price is unknown. */
  cost: z.number().nonnegative().nullable(),
  /** From the start of the run to its end. */
  seconds: z.number().nonnegative(),
};

/** One sample of one task: a line of `coditect eval --json`, and of its results file. */
export const Trial = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("solve"),
    ...trial,
    /** The hidden tests pass on what the run handed back. */
    solved: z.boolean(),
    /** Solved, and no stage was sent back. */
    first_try: z.boolean(),
    /** What the run's own gates said. */
    run_status: RunStatus,
    hidden_tests: z.strictObject({ passed: Count, failed: Count }),
  }),
  z.strictObject({
    kind: z.literal("review"),
    ...trial,
    /** A finding touches the defect. */
    detected: z.boolean(),
    /** Findings in the buggy project that touch something else. */
    elsewhere: Count,
    /** Findings in the fixed project. */
    false_positives: Count,
  }),
]);
export type Trial = z.infer<typeof Trial>;

/** A share with its 95 % confidence interval (Wilson); null where there is nothing to count. */
export const Rate = z
  .strictObject({ count: Count, of: Count.min(1), share: Ratio, low: Ratio, high: Ratio })
  .nullable();
export type Rate = z.infer<typeof Rate>;

/** The last line of `coditect eval --json`. */
export const EvaluationReport = z.strictObject({
  kind: z.literal("report"),
  suite: z.string(),
  model: z.string(),
  solve: z.strictObject({
    tasks: Count,
    solved: Rate,
    first_try: Rate,
    /** Runs whose own gates all held. */
    gates_held: Rate,
    /** Of those, the ones whose hidden tests failed: the gates were wrong to hold. */
    wrongly_held: Rate,
    /** k → chance that one of k samples solves a task, the mean over tasks (unbiased estimator). */
    pass_at: z.record(z.string(), Ratio),
  }),
  review: z.strictObject({
    pairs: Count,
    detected: Rate,
    /** Fixed projects in which something was found all the same. */
    false_alarms: Rate,
    /** Findings per fixed project. */
    false_positives: z.number().nonnegative().nullable(),
  }),
  tokens: Count,
  cost: z.number().nonnegative().nullable(),
  seconds: z.number().nonnegative(),
  /** Samples without a result. */
  failed: Count,
});
export type EvaluationReport = z.infer<typeof EvaluationReport>;
