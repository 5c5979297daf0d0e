import { randomUUID } from "node:crypto";
import { CoditectError, fail, toExecutionError } from "../../../schemas/errors.ts";
import { summarise } from "../../../schemas/summary.ts";
import type { StageState } from "../../../schemas/run.ts";
import { isRunEnded } from "../../../schemas/statuses.ts";
import { INTERRUPTED } from "../../executions/run-execution.ts";
import { addUsage } from "../../models/execution.ts";
import { prepareStage, saveRun, type ActiveRun, type DriveParts } from "./active-run.ts";
import { finishRun, retireFindings } from "./finish.ts";
import {
  askForApproval,
  beginStage,
  cancelRun,
  continueStage,
  definitionOf,
  endStage,
  readyStages,
  settle,
  skipStage,
  stateOf,
  type StageOutcome,
} from "../plan.ts";
import { startingChanges } from "../stage/stage-changes.ts";
import { outcomeOf, workStage } from "../stage/stage-work.ts";

/**
 * What an error outside any execution means for its stage. Stages that cannot be brought together
 * are refused work like any other: it goes back if the stage says where to, or ends the run.
 */
const failedOutcome = (known: CoditectError): StageOutcome => {
  if (known.code === "cancelled") return { type: "failed", status: "Cancelled", error: null };
  const error = toExecutionError(known);
  if (known.code === "stages_conflict")
    return { type: "refused", gates: [], change_set_id: null, feedback: known.message, error };
  return { type: "failed", status: known.code === "limit_reached" ? "LimitReached" : "Failed", error };
};

/** A failure as an error of the catalogue; a defect is logged in full and told as `internal`. */
const asKnown = (parts: DriveParts, active: ActiveRun, stage: string, error: unknown): CoditectError => {
  if (active.controller.signal.aborted) return fail("cancelled", { what: `Stage ${stage}` });
  if (error instanceof CoditectError) return error;
  const reference = randomUUID().slice(0, 8);
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  parts.log("error", `stage ${stage} failed unexpectedly`, { reference, details });
  return fail("internal", { reference }, { cause: error });
};

/** Whether a condition lets the stage run. */
const conditionHolds = async (parts: DriveParts, active: ActiveRun, state: StageState): Promise<boolean> => {
  const { condition } = definitionOf(active.run, state.name);
  if (condition === "always") return true;
  if (condition === "has_findings") {
    const findings = parts.store.all("findings", { task_id: active.run.task_id });
    return findings.some((finding) => finding.status === "Open");
  }
  const changes = await startingChanges(parts.store, parts.changes, active.run, state.name);
  return changes !== null && changes.files.length > 0;
};

/** Takes the outcome of a stage into the run. */
const takeIn = async (
  parts: DriveParts,
  active: ActiveRun,
  name: string,
  given: StageOutcome,
): Promise<void> => {
  const { now, emit } = parts;
  const isStopped = given.type === "failed" && given.status === "Cancelled" && active.stopped !== null;
  const outcome = isStopped ? { ...given, ...active.stopped } : given;
  await saveRun(parts, active, endStage(active.run, name, outcome, now()));
  const { task_id } = active.run;
  emit({ type: "stage.finished", at: now(), task_id, stage: stateOf(active.run, name) });
  // What ends the run ends its other stages too; their late answers count for nothing.
  if (outcome.type === "failed") active.controller.abort(fail("cancelled", { what: "The run" }));
};

/** Works a stage through one round and takes the outcome into the run. */
const runStage = async (parts: DriveParts, active: ActiveRun, name: string): Promise<void> => {
  const { now, emit } = parts;
  const { task_id } = active.run;
  let outcome: StageOutcome;
  try {
    const { work, isNew } = await prepareStage(parts, active, stateOf(active.run, name));
    const { execution, agent } = work;
    const isContinued = stateOf(active.run, name).status === "Running";
    const begun = isContinued
      ? continueStage(active.run, name, execution.execution_id, now())
      : beginStage(active.run, name, execution.execution_id, work.startsWith?.change_set_id ?? null, now());
    await saveRun(parts, active, begun, isNew ? execution : null);
    active.began(execution);
    const { round, feedback } = stateOf(active.run, name);
    emit({
      type: "stage.started",
      at: now(),
      task_id,
      stage: name,
      agent_type: agent.agent_type,
      round,
      feedback,
    });
    emit({ type: "execution.changed", at: now(), task_id, execution: summarise(execution) });
    const finished = await workStage(parts, work);
    await retireFindings(parts, stateOf(active.run, name), finished);
    active.run = { ...active.run, usage: addUsage(active.run.usage, finished.resource_usage) };
    outcome = outcomeOf(finished);
  } catch (error) {
    if (active.controller.signal.reason === INTERRUPTED) return;
    outcome = failedOutcome(asKnown(parts, active, name, error));
  }
  await takeIn(parts, active, name, outcome);
};

/** Whether the stage begins now; if not, it was skipped, or waits for a person. */
const mayBegin = async (parts: DriveParts, active: ActiveRun, state: StageState): Promise<boolean> => {
  const { now, emit } = parts;
  const { task_id } = active.run;
  const stage = definitionOf(active.run, state.name);
  if (!(await conditionHolds(parts, active, state))) {
    const inherited = await startingChanges(parts.store, parts.changes, active.run, state.name);
    const changeSetId = inherited?.change_set_id ?? null;
    await saveRun(parts, active, skipStage(active.run, state.name, changeSetId, now()));
    emit({ type: "stage.finished", at: now(), task_id, stage: stateOf(active.run, state.name) });
    return false;
  }
  if (!stage.approval || state.approved) return true;
  await saveRun(parts, active, askForApproval(active.run, state.name, now()));
  const question = `May ${stage.member} begin the stage ${stage.name}?`;
  emit({ type: "approval.needed", at: now(), task_id, stage: stage.name, question });
  return false;
};

/** Begins a stage that is ready, unless it is skipped or has to wait for a person. */
const begin = async (parts: DriveParts, active: ActiveRun, { name }: StageState): Promise<void> => {
  let begins: boolean;
  try {
    begins = await mayBegin(parts, active, stateOf(active.run, name));
  } catch (error) {
    await takeIn(parts, active, name, failedOutcome(asKnown(parts, active, name, error)));
    return;
  }
  if (begins) await runStage(parts, active, name);
};

/**
 * Drives a run until it ends, waits for a person, or is interrupted. Several stages are at work at
 * once; refused work goes back only when all of them have ended, so that one round answers all.
 */
export const driveRun = async (parts: DriveParts, active: ActiveRun): Promise<void> => {
  const working = new Map<string, Promise<void>>();
  const launch = (state: StageState, work: Promise<void>) => {
    working.set(
      state.name,
      work.finally(() => working.delete(state.name)),
    );
  };
  // Stages a former runtime left at work go on first.
  for (const state of active.run.stages.filter((stage) => stage.status === "Running")) {
    launch(state, runStage(parts, active, state.name));
  }
  for (;;) {
    if (working.size === 0) {
      const settled = settle(active.run, parts.now());
      if (settled !== active.run) await saveRun(parts, active, settled);
      if (isRunEnded(active.run.status)) {
        await finishRun(parts, active);
        return;
      }
      if (active.run.status === "WaitingForApproval") {
        if (active.stopped === null) {
          active.parked = true;
          return;
        }
        await saveRun(parts, active, { ...cancelRun(active.run, parts.now()), ...active.stopped });
        continue;
      }
    }
    const failed = active.run.stages.some(
      (stage) => stage.status === "Failed" || stage.status === "Cancelled",
    );
    const ready = failed ? [] : readyStages(active.run).filter((state) => !working.has(state.name));
    for (const state of ready) launch(state, begin(parts, active, state));
    if (working.size > 0) {
      const woken = Promise.withResolvers<undefined>();
      active.wake = () => {
        woken.resolve(undefined);
      };
      await Promise.race([...working.values(), woken.promise]);
    }
    if (active.controller.signal.reason === INTERRUPTED) {
      await Promise.allSettled(working.values());
      await saveRun(parts, active, { ...active.run, status: "Interrupted", updated_at: parts.now() });
      return;
    }
  }
};
