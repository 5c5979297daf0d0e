import type { FileChange } from "../../../schemas/changes.ts";
import type { Finding } from "../../../schemas/findings.ts";
import type { GateName, GateProof } from "../../../schemas/gates.ts";
import type { Timestamp } from "../../../schemas/primitives.ts";
import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { ProvingGround } from "../../executions/execution-request.ts";

/** Hashes of the files in which a state differs from the user's workspace, by path; null if deleted. */
export type FileHashes = ReadonlyMap<string, string | null>;

/** Who argued that a mutant makes no difference, and who confirmed it. */
export interface Equivalent {
  /** Null if no agent argued and a person confirmed it directly. */
  argued_by: string | null;
  confirmed_by: string;
}

/** The input of a gate. */
export interface GateContext {
  ground: ProvingGround;
  /** Which files of the workspace are tests. */
  layout: TestLayout;
  /** The stage's result, as changes from the user's workspace. */
  changes: readonly FileChange[];
  /** The whole change, if it is known when its tests are judged alone; null in a run. */
  wholeChange: readonly FileChange[] | null;
  /** The hashes of the stage's result, and of the state that the stage began with. */
  after: FileHashes;
  before: FileHashes;
  /** The state in which the tests were last proven red; null if no stage of the run proves it. */
  provenRed: FileHashes | null;
  /** Names of the tests that were proven red, and of all tests at that time; null if nothing was proven. */
  provenTests: { proven: readonly string[]; found: readonly string[] } | null;
  /**
   * Tests that the team hides from the author of the code, as changes from the user's workspace, and the names of
   * those that were proven red. They are in `changes` unless this stage must not see them.
   */
  heldBack: { changes: readonly FileChange[]; proven: readonly string[] };
  /** The whole suite on the workspace before the run. */
  baseline: () => Promise<TestReport>;
  /** The test files that replace the whole suite if it takes too long. Null: the whole suite ran. */
  part: () => readonly string[] | null;
  /** Test files that the change can affect, according to imports. Omitted: unknown. */
  affectedTests?: () => Promise<string[]>;
  /** Sources that these test files import, directly or not, nearest first. Omitted: unknown. */
  testedSources?: (tests: readonly string[]) => Promise<string[]>;
  /** Open findings that this stage reported. */
  findings: readonly Finding[];
  allowTestChanges: boolean;
  /** The mutants that a person confirmed to make no difference, by ID. */
  equivalents: ReadonlyMap<string, Equivalent>;
  /** The share of the mutants of changed lines that tests must notice. */
  mutantsThreshold: number;
  /** How long each gate that runs the tests repeatedly may take. */
  budgetMs: number;
  /** Whether tests that passed before may be missing in files that the change rewrote. */
  mayRemoveTests: boolean;
  /** The text of a file in the stage's result; null if there is none. */
  readText: (path: string) => Promise<string | null>;
  /** The text of a file before the run; null if there is none. */
  readBase: (path: string) => Promise<string | null>;
  /** Whether the stage's result has a file or folder at this path. */
  exists: (path: string) => Promise<boolean>;
  now: () => Timestamp;
  signal: AbortSignal;
}

/** A gate measures and reports the result. It does not throw if the gate does not hold. */
export type Gate = (context: GateContext) => Promise<Measured>;

/** The result of a gate. Omitted fields were not measured. */
export type Measured = Pick<GateProof, "held" | "reason"> &
  Partial<
    Pick<
      GateProof,
      | "runner"
      | "command"
      | "exit_code"
      | "counts"
      | "evidence"
      | "coverage"
      | "tests"
      | "mutants"
      | "survivors"
      | "confirmed"
      | "concerns"
    >
  >;

const EVIDENCE = 50;

/** Runs a gate and creates its proof. */
export const prove = async (name: GateName, gate: Gate, context: GateContext): Promise<GateProof> => {
  const begun = performance.now();
  const measured = await gate(context);
  return {
    gate: name,
    runner: null,
    command: null,
    exit_code: null,
    counts: null,
    coverage: null,
    ...measured,
    evidence: (measured.evidence ?? []).slice(0, EVIDENCE),
    duration_ms: Math.round(performance.now() - begun),
    proved_at: context.now(),
  };
};

/** The part of a test run that a proof stores. */
export const measuredRun = ({ runner, command, exit_code, counts, coverage }: TestReport) => ({
  runner,
  command,
  exit_code,
  counts,
  coverage,
});

export const changedPaths = (before: FileHashes, after: FileHashes): string[] =>
  [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .sort();

export const quantity = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
