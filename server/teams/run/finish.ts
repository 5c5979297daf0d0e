import { CoditectError, toExecutionError } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import { EQUIVALENT_MUTANT } from "../../../schemas/findings.ts";
import type { StageState, TeamRun } from "../../../schemas/run.ts";
import { putFinding } from "../../metrics/acceptance.ts";
import { mergedChanges } from "../stage/stage-changes.ts";
import type { TeamParts } from "../stage/stage-parts.ts";

type FinishParts = Pick<TeamParts, "store" | "changes" | "settings" | "emit" | "now">;

/**
 * Closes findings from earlier rounds of a stage that ran again. A finding becomes Fixed if it was not reported
 * again. Otherwise, the new round has it, and the old record becomes Outdated.
 */
export const retireFindings = async (
  parts: FinishParts,
  state: StageState,
  latest: AgentExecution,
): Promise<void> => {
  const { store, emit, now } = parts;
  const earlier = new Set(state.execution_ids.filter((id) => id !== latest.execution_id));
  const all = store.all("findings", { task_id: latest.task_id });
  const reported = new Set(
    all
      .filter((finding) => finding.execution_id === latest.execution_id)
      .map((finding) => finding.fingerprint),
  );
  const retired = all
    .filter((finding) => earlier.has(finding.execution_id) && finding.status === "Open")
    // Only a person decides about an argument for a mutant.
    .filter(({ category }) => category !== EQUIVALENT_MUTANT)
    .map((finding) => ({
      ...finding,
      status: reported.has(finding.fingerprint) ? ("Outdated" as const) : ("Fixed" as const),
      updated_at: now(),
    }));
  if (retired.length === 0) return;
  await store.commit((transaction) => {
    for (const finding of retired) putFinding(transaction, finding);
  });
  for (const finding of retired)
    emit({ type: "finding.changed", at: now(), task_id: finding.task_id, finding });
};

/** Stages that no other stage builds on. Their changes together are those of the run. */
const lastStages = (run: TeamRun): string[] => {
  const needed = new Set(run.workflow_stages.flatMap((stage) => stage.depends_on));
  return run.workflow_stages.map((stage) => stage.name).filter((name) => !needed.has(name));
};

/** The change set of an ended run. If the run failed, it contains the work so far. */
const finalChanges = async (parts: FinishParts, run: TeamRun): Promise<string | null> => {
  if (run.status === "Succeeded") {
    return (await mergedChanges(parts.store, parts.changes, run, lastStages(run)))?.change_set_id ?? null;
  }
  const byEnd = run.stages
    .filter((stage) => stage.change_set_id !== null)
    .sort((one, other) => (one.completed_at ?? "").localeCompare(other.completed_at ?? ""));
  return byEnd.at(-1)?.change_set_id ?? null;
};

/** Emits the end of a run. */
export const tellFinished = (
  { store, emit, now }: Pick<FinishParts, "store" | "emit" | "now">,
  run: TeamRun,
): void => {
  const { task_id, status, stages, usage, error } = run;
  const files = run.change_set_id === null ? [] : (store.get("changeSets", run.change_set_id)?.files ?? []);
  emit({
    type: "run.finished",
    at: now(),
    ...{ task_id, status, stages, usage, error },
    changes: files,
    findings: store.all("findings", { task_id }).filter((finding) => finding.status === "Open"),
  });
};

/** Applies the changes of a success if the settings say so; a failure is reported and stored. */
export const applyUnasked = async (
  { settings, changes, emit, now }: FinishParts,
  run: TeamRun,
): Promise<void> => {
  if (!settings.auto_apply || run.status !== "Succeeded" || run.change_set_id === null) return;
  try {
    await changes.apply(run.change_set_id, null);
  } catch (error) {
    if (!(error instanceof CoditectError)) throw error;
    const { code, message } = error;
    emit({ type: "notice", at: now(), task_id: run.task_id, code, message });
  }
};

/** Runs the hooks `SessionEnd`. Their answers do not change the run; a failure is reported. */
export const runEndHooks = async (
  { hooks, emit, now }: Pick<TeamParts, "hooks" | "emit" | "now">,
  { task_id, status, change_set_id }: TeamRun,
): Promise<void> => {
  // The hook's own deadline ends it.
  const { signal } = new AbortController();
  try {
    const input = { reason: status, change_set_id };
    await hooks.run({ event: "SessionEnd", task_id, subject: null, input }, signal);
  } catch (error) {
    if (!(error instanceof CoditectError)) throw error;
    const { code, message } = error;
    emit({ type: "notice", at: now(), task_id, code, message });
  }
};

/**
 * An ended run with its change set. If the last stages cannot be merged, the run has failed, because its gates
 * were proven for each of them separately.
 */
export const withFinalChanges = async (parts: FinishParts, run: TeamRun): Promise<TeamRun> => {
  try {
    return { ...run, change_set_id: await finalChanges(parts, run) };
  } catch (error) {
    if (!(error instanceof CoditectError)) throw error;
    return { ...run, status: "GateFailed", error: toExecutionError(error) };
  }
};
