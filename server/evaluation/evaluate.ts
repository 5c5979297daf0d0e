import type { Trial } from "../../schemas/evaluation.ts";
import type { EvaluationEnvironment } from "./environment.ts";
import type { Suite } from "./suite.ts";
import type { SuiteTask } from "./suite-task.ts";
import { runTrial } from "./trial.ts";

export interface Evaluation {
  suite: Suite;
  /** Who is asked, as it is written into the results. */
  model: string;
  samples: number;
  /** Trials at the same time. */
  parallel: number;
  /** Results of an earlier call that was stopped: they are not made again. */
  known: readonly Trial[];
  /** Called with each new result before the next trial begins. */
  tell: (trial: Trial) => Promise<void>;
  signal: AbortSignal;
}

const isKnown = ({ known, model }: Evaluation, task: SuiteTask, sample: number): boolean =>
  known.some(
    (trial) =>
      trial.task === task.name && trial.sample === sample && trial.model === model && trial.error === null,
  );

/**
 * Makes every trial of a suite that is not known yet: all tasks once, then all again. Resolves with
 * the new results when all are made or the signal has aborted.
 */
export const evaluate = async (
  environment: EvaluationEnvironment,
  evaluation: Evaluation,
): Promise<Trial[]> => {
  const { suite, model, samples, parallel, tell, signal } = evaluation;
  const open = Array.from({ length: samples }, (_, index) => index + 1).flatMap((sample) =>
    suite.tasks.filter((task) => !isKnown(evaluation, task, sample)).map((task) => ({ task, sample, model })),
  );
  const made: Trial[] = [];
  const work = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined && !signal.aborted; next = open.shift()) {
      const trial = await runTrial(environment, next, signal).catch((error: unknown) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (trial === null) return;
      made.push(trial);
      await tell(trial);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, open.length) }, work));
  return made;
};
