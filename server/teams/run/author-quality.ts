import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { TeamRun } from "../../../schemas/run.ts";
import { summarise } from "../../../schemas/summary.ts";
import { codeQuality } from "../../models/quality.ts";
import type { Store } from "../../store/store.ts";
import { ancestors } from "../definition/validate.ts";
import { isReviewing } from "../stage/conclude-stage.ts";

interface ScoreParts {
  store: Store;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
}

/** The last execution of each stage, by the stage's name. */
const lastExecutions = (store: Store, run: TeamRun): Map<string, AgentExecution> =>
  new Map(
    run.stages.flatMap(({ name, execution_ids }) => {
      const id = execution_ids.at(-1);
      const execution = id === undefined ? null : store.get("executions", id);
      return execution === null ? [] : [[name, execution] as const];
    }),
  );

/** Whether an execution completed a review, regardless of its findings. */
const hasReviewed = (execution: AgentExecution): boolean =>
  isReviewing(execution) &&
  (execution.status === "Completed" || execution.error?.code === "gate_failed") &&
  execution.output !== null;

/** An author's execution with the score of its change, if the score differs from the stored one. */
const scored = (
  store: Store,
  run: TeamRun,
  last: ReadonlyMap<string, AgentExecution>,
  [stage, author]: readonly [string, AgentExecution],
): AgentExecution | null => {
  const { output, completed_at } = author;
  if (output === null || output.files.length === 0 || completed_at === null) return null;
  const reviews = [...last].flatMap(([name, review]) =>
    ancestors(run.workflow_stages, name).has(stage) &&
    review.created_at >= completed_at &&
    hasReviewed(review)
      ? [review.execution_id]
      : [],
  );
  if (reviews.length === 0) return null;
  const paths = new Set(output.files.map(({ path }) => path));
  const findings = store
    .all("findings", { task_id: run.task_id })
    .filter(({ execution_id, path }) => reviews.includes(execution_id) && paths.has(path));
  const code_quality = codeQuality(findings);
  if (code_quality === output.quality_metrics.code_quality) return null;
  const quality_metrics = { ...output.quality_metrics, code_quality };
  return { ...author, output: { ...output, quality_metrics } };
};

/**
 * Sets `code_quality` of the executions whose change was reviewed, from the findings of the run's reviewers. A
 * finding is about the work of the author and not of the reviewer.
 */
export const scoreAuthors = async (parts: ScoreParts, taskId: string): Promise<void> => {
  const { store, emit, now } = parts;
  const changed: AgentExecution[] = [];
  // Reading and writing happen in one turn, because parallel reviews can end at the same time.
  await store.commit((transaction) => {
    const run = store.get("runs", taskId);
    if (run === null) return;
    const last = lastExecutions(store, run);
    for (const author of last) {
      const next = scored(store, run, last, author);
      if (next === null) continue;
      transaction.put("executions", next);
      changed.push(next);
    }
  });
  for (const execution of changed) {
    const { execution_id, task_id, output } = execution;
    if (output !== null) {
      const entry = { type: "quality" as const, at: now(), metrics: output.quality_metrics };
      await store.transcripts.append(execution_id, [entry]);
    }
    emit({ type: "execution.changed", at: now(), task_id, execution: summarise(execution) });
  }
};
