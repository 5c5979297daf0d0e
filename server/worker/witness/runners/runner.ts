import type { Mutant, MutantReached, Tampering } from "../../../../schemas/tests.ts";
import type { ProcessResult } from "../../process.ts";
import {
  noResults as nothing,
  type TestJob as PlainJob,
  type TestResults as PlainResults,
} from "../../runners/runner.ts";
import type { Witness } from "../witness.ts";

/** A run of one runner that is watched from inside. */
export interface TestJob extends PlainJob {
  witness: Witness;
}

/** What a watched run tells: the results, and what the witness saw. */
export interface TestResults extends PlainResults {
  /** What files did to influence the judgement. */
  tampering: Tampering[];
  mutants: Mutant[];
  reached: MutantReached[];
}

/** How one kind of runner is started under the eyes of a witness, and its report read. */
export interface RunnerAdapter {
  launch(job: TestJob): Promise<{ command: readonly string[]; env: Record<string, string> }>;
  read(job: TestJob, ended: ProcessResult): Promise<TestResults>;
}

export const noResults = (complete: boolean): TestResults => ({
  ...nothing(complete),
  tampering: [],
  mutants: [],
  reached: [],
});
