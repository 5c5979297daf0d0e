import { join } from "node:path";
import { CoditectError } from "../../schemas/errors.ts";
import type { EvaluationTask, Trial } from "../../schemas/evaluation.ts";
import type { Finding } from "../../schemas/findings.ts";
import { totalTokens } from "../models/execution.ts";
import { runTeamOn, type EvaluationEnvironment, type Outcome } from "./environment.ts";
import { copyInto, withFolder } from "./folders.ts";
import { runHiddenTests } from "./hidden-tests.ts";
import type { ReviewTrial, SolveTrial } from "./report.ts";
import type { SuiteTask } from "./suite-task.ts";

export interface TrialRequest {
  task: SuiteTask;
  /** Counts from 1. */
  sample: number;
  model: string;
}

type Solve = Extract<EvaluationTask, { kind: "solve" }>;
type Review = Extract<EvaluationTask, { kind: "review" }>;
type Defect = Review["defect"];

const used = (outcomes: readonly Outcome[]) => ({
  tokens: outcomes.reduce((sum, { finished }) => sum + totalTokens(finished.usage), 0),
  cost: outcomes.reduce<number | null>(
    (sum, { finished: { usage } }) => (sum === null || usage.cost === null ? null : sum + usage.cost),
    0,
  ),
  seconds: outcomes.reduce((sum, { seconds }) => sum + seconds, 0),
});

/** A run that the provider or the machine ended says nothing about the model. */
const failureOf = ({ finished: { status, error } }: Outcome): string | null =>
  status === "Failed" ? (error?.message ?? "the run failed") : null;

const trySolve = (
  environment: EvaluationEnvironment,
  request: TrialRequest,
  definition: Solve,
  signal: AbortSignal,
) =>
  withFolder(async (folder): Promise<SolveTrial> => {
    const { task, sample, model } = request;
    const { workspace, hidden } = await task.layOut(folder);
    const outcome = await runTeamOn(environment, workspace, join(folder, "run"), definition, signal);
    const { status, stages } = outcome.finished;
    const tests = {
      workspace,
      folder: hidden,
      files: definition.tests,
      command: definition.test_command,
      scratch: join(folder, "judge"),
    };
    const error = failureOf(outcome);
    const report = error === null ? await runHiddenTests(environment, tests, signal) : null;
    const solved = report?.outcome === "passed";
    const { passed, failed } = report?.counts ?? { passed: 0, failed: 0 };
    return {
      kind: "solve",
      ...{ task: task.name, sample, model, error, ...used([outcome]) },
      solved,
      first_try: solved && stages.every(({ round }) => round <= 1),
      run_status: status,
      hidden_tests: { passed, failed },
    };
  });

const touches =
  ({ path, start_line, end_line }: Defect) =>
  (finding: Finding): boolean =>
    finding.path === path && finding.start_line <= end_line && finding.end_line >= start_line;

const tryReview = (
  environment: EvaluationEnvironment,
  request: TrialRequest,
  definition: Review,
  signal: AbortSignal,
) =>
  withFolder(async (folder): Promise<ReviewTrial> => {
    const { task, sample, model } = request;
    const review = async (which: "buggy" | "fixed"): Promise<Outcome> => {
      const project = await copyInto(folder, which, join(task.folder, which));
      return runTeamOn(environment, project, join(folder, `${which}-run`), definition, signal);
    };
    const [buggy, fixed] = [await review("buggy"), await review("fixed")];
    // What is folded away in the editor counts for nothing here either.
    const shown = ({ finished }: Outcome) =>
      finished.findings.filter(({ confidence }) => confidence >= environment.settings.min_confidence);
    const hits = shown(buggy).filter(touches(definition.defect));
    return {
      kind: "review",
      ...{ task: task.name, sample, model, ...used([buggy, fixed]) },
      error: failureOf(buggy) ?? failureOf(fixed),
      detected: hits.length > 0,
      elsewhere: shown(buggy).length - hits.length,
      false_positives: shown(fixed).length,
    };
  });

/** A trial that could not be made. */
const failedTrial = ({ task, sample, model }: TrialRequest, reason: string): Trial => {
  const common = { task: task.name, sample, model, error: reason, tokens: 0, cost: 0, seconds: 0 };
  return task.definition.kind === "solve"
    ? {
        kind: "solve",
        ...common,
        ...{ solved: false, first_try: false, run_status: "Failed", hidden_tests: { passed: 0, failed: 0 } },
      }
    : { kind: "review", ...common, detected: false, elsewhere: 0, false_positives: 0 };
};

/**
 * One sample of a task, from a fresh copy of its project to its result; nothing of it is left
 * behind. Rejects with `cancelled` alone: a trial without a result says why.
 */
export const runTrial = async (
  environment: EvaluationEnvironment,
  request: TrialRequest,
  signal: AbortSignal,
): Promise<Trial> => {
  const { definition } = request.task;
  try {
    return definition.kind === "solve"
      ? await trySolve(environment, request, definition, signal)
      : await tryReview(environment, request, definition, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof CoditectError)) throw error;
    return failedTrial(request, error.message);
  }
};
