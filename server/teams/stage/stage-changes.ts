import type { ChangeSet } from "../../../schemas/changes.ts";
import { fail } from "../../../schemas/errors.ts";
import type { StageState, TeamRun } from "../../../schemas/run.ts";
import type { Changes } from "../../changes/changes.ts";
import { putChangeSet } from "../../metrics/acceptance.ts";
import type { Store } from "../../store/store.ts";
import { definitionOf, stateOf } from "../plan.ts";
import { ancestors } from "../definition/validate.ts";

/** The stored change set with this ID; null if there is none. */
export const changeSetOf = (store: Store, changeSetId: string | null): ChangeSet | null =>
  changeSetId === null ? null : store.get("changeSets", changeSetId);

/** The last common state of several stages: the result of the latest stage that all of them build on. */
const commonBase = (store: Store, run: TeamRun, names: readonly string[]): ChangeSet | null => {
  const common = run.workflow_stages.filter((stage) =>
    names.every((name) => ancestors(run.workflow_stages, name).has(stage.name)),
  );
  const latest = common.reduce<StageState | null>((best, { name }) => {
    const stage = stateOf(run, name);
    return (stage.completed_at ?? "") >= (best?.completed_at ?? "") ? stage : best;
  }, null);
  return latest === null ? null : changeSetOf(store, latest.change_set_id);
};

/**
 * The combined change set of several finished stages. Errors: `stages_conflict` if parallel stages changed the same
 * lines.
 */
export const mergedChanges = async (
  store: Store,
  changes: Changes,
  run: TeamRun,
  names: readonly string[],
): Promise<ChangeSet | null> => {
  const sets = new Map(
    names.flatMap((name) => {
      const set = changeSetOf(store, stateOf(run, name).change_set_id);
      return set === null ? [] : [[set.change_set_id, set] as const];
    }),
  );
  const branches = [...sets.values()];
  if (branches.length <= 1) return branches[0] ?? null;
  const owner = { task_id: run.task_id, execution_id: null };
  const result = await changes.merge(owner, commonBase(store, run, names), branches);
  if (!result.merged)
    throw fail("stages_conflict", { stages: names.join(", "), path: result.conflicts.join(", ") });
  await store.commit((transaction) => {
    putChangeSet(transaction, result.change_set);
  });
  return result.change_set;
};

/**
 * A stage's own work on top of the new results of the stages that it builds on. The code that passed weaker tests is
 * thus kept when the tests become stronger. Null if they cannot be merged.
 */
const rebased = async (
  changes: Changes,
  run: TeamRun,
  base: ChangeSet | null,
  own: ChangeSet,
  onto: ChangeSet | null,
): Promise<ChangeSet | null> => {
  if (onto === null) return null;
  const result = await changes.merge({ task_id: run.task_id, execution_id: null }, base, [own, onto]);
  return result.merged ? result.change_set : null;
};

/**
 * The state that a stage begins with: the results of the stages that it depends on. If it runs again, its own
 * earlier work is on top, unless that conflicts with these results.
 */
export const startingChanges = async (
  store: Store,
  changes: Changes,
  run: TeamRun,
  name: string,
): Promise<ChangeSet | null> => {
  const stage = stateOf(run, name);
  const { depends_on: dependencies, write_access } = definitionOf(run, name);
  const own = changeSetOf(store, stage.change_set_id);
  const redone = dependencies.some(
    (dependency) => (stateOf(run, dependency).completed_at ?? "") > (stage.completed_at ?? ""),
  );
  if (own !== null && !redone) return own;
  const built = await mergedChanges(store, changes, run, dependencies);
  if (own === null || write_access === "none") return built;
  const both = await rebased(changes, run, changeSetOf(store, stage.starts_with), own, built);
  if (both === null) return built;
  await store.commit((transaction) => {
    putChangeSet(transaction, both);
  });
  return both;
};
