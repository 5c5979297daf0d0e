import type { AgentExecution } from "../../../schemas/execution.ts";
import type { AttemptScore, StageAttempt, StageState } from "../../../schemas/run.ts";
import type { Store } from "../../store/store.ts";
import { presentAttempts } from "../plan.ts";
import { changeSetOf } from "../stage/stage-changes.ts";
import { outcomeOf } from "../stage/stage-work.ts";

/** The share of the examined parts that are right; 0 if none were examined. */
const shareOf = (right: number, all: number): number => (all === 0 ? 0 : right / all);

/** The number of files and lines of the change that the stage did not begin with. */
const sizeOf = (store: Store, state: StageState, { metadata }: AgentExecution) => {
  const given = new Map(
    (changeSetOf(store, state.starts_with)?.files ?? []).map(({ path, after }) => [path, after]),
  );
  const own = (changeSetOf(store, metadata.change_set_id)?.files ?? []).filter(
    ({ path, after }) => given.get(path) !== after,
  );
  const lines = own.reduce((sum, { lines_added, lines_removed }) => sum + lines_added + lines_removed, 0);
  return { lines, files: own.length };
};

const scoreOf = (store: Store, state: StageState, execution: AgentExecution): AttemptScore => {
  const { gates, attempt } = execution.metadata;
  return {
    gates_held: gates.filter(({ held }) => held).length,
    gates: gates.length,
    held_back: attempt?.held_back ?? null,
    mutants: attempt?.mutants ?? null,
    ...sizeOf(store, state, execution),
    cost: execution.resource_usage.cost,
  };
};

/** Work that passed every gate comes first, then work that a gate refused, then unfinished work. */
const grades = { completed: 0, refused: 1, failed: 2, cancelled: 3 } as const;

/** Numbers to rank by. A smaller number is better, and the first difference decides. */
const rankedBy = (execution: AgentExecution, score: AttemptScore): number[] => [
  grades[outcomeOf(execution).type],
  -score.gates_held,
  score.held_back === null
    ? 0
    : -shareOf(score.held_back.passed, score.held_back.passed + score.held_back.failed),
  score.mutants === null ? 0 : -shareOf(score.mutants.killed, score.mutants.judged),
  score.lines,
  score.cost ?? Infinity,
];

const compare = (one: readonly number[], other: readonly number[]): number => {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) < (other[at] ?? 0) ? -1 : 1;
};

/**
 * The attempts at the current round with their scores and ranks. Empty if the stage was done once. An attempt that
 * is not among the finished ones comes last.
 */
export const rankAttempts = (
  store: Store,
  state: StageState,
  finished: readonly AgentExecution[],
): StageAttempt[] => {
  const judged = presentAttempts(state).map((attempt) => {
    const execution = finished.find(({ execution_id }) => execution_id === attempt.execution_id);
    if (execution === undefined) return { attempt, score: null, by: [Infinity] };
    const score = scoreOf(store, state, execution);
    return { attempt, score, by: rankedBy(execution, score) };
  });
  const order = [...judged].sort((one, other) => compare(one.by, other.by));
  return judged.map((each) => ({ ...each.attempt, score: each.score, rank: order.indexOf(each) + 1 }));
};
