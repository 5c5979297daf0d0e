import type { EvaluationTask } from "../../schemas/evaluation.ts";

/** What a sample of a task to solve begins with, as absolute paths of folders. */
export interface LaidOut {
  /** What the team works on. */
  workspace: string;
  /** The tests that decide, which are copied into it afterwards. */
  hidden: string;
}

/** A task of a suite, with the places of its parts. */
export interface SuiteTask {
  /** Name of its folder. */
  name: string;
  /** Absolute path of its folder. */
  folder: string;
  definition: EvaluationTask;
  /** Makes the project of a sample in the folder `into`. */
  layOut(into: string): Promise<LaidOut>;
}
