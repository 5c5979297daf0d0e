import { randomUUID } from "node:crypto";
import { fail, toExecutionError, type CoditectError } from "../../../schemas/errors.ts";
import type { ExecutionError } from "../../../schemas/execution.ts";
import type { StageState, TeamRun } from "../../../schemas/run.ts";
import type { Stop } from "../../executions/stop.ts";
import type { Log } from "../../platform/log.ts";
import { definitionOf, type StageOutcome } from "../plan.ts";
import { assignmentFor } from "../stage/assignment.ts";
import { startingChanges } from "../stage/stage-changes.ts";
import type { RunParts } from "./stage-round.ts";

/**
 * What an error outside any execution means for its stage. If stages cannot be merged, this counts as refused
 * work: it goes back if the stage names a receiver, and otherwise ends the run.
 */
export const failedOutcome = (known: CoditectError): StageOutcome => {
  if (known.code === "cancelled") return { type: "cancelled" };
  const error = toExecutionError(known);
  if (known.code === "stages_conflict")
    return { type: "refused", gates: [], change_set_id: null, feedback: known.message, error };
  return { type: "failed", status: known.code === "limit_reached" ? "LimitReached" : "Failed", error };
};

/** The outcome of a run that was stopped from outside. */
export const stoppedOutcome = ({
  kind,
  error,
}: Stop): { status: "Cancelled" | "LimitReached"; error: ExecutionError | null } => ({
  status: kind === "limit" ? "LimitReached" : "Cancelled",
  error: error === null ? null : toExecutionError(error),
});

/** Converts a defect to an error for the caller. Its details are logged. */
export const errorOf = (log: Log, stage: string, error: unknown): CoditectError => {
  const reference = randomUUID().slice(0, 8);
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log("error", `stage ${stage} failed unexpectedly`, { reference, details });
  return fail("internal", { reference }, { cause: error });
};

/** Whether a condition lets the stage run. */
export const conditionHolds = async (
  { store, changes }: Pick<RunParts, "store" | "changes">,
  run: TeamRun,
  state: StageState,
): Promise<boolean> => {
  const { condition } = definitionOf(run, state.name);
  if (condition === "always") return true;
  if (condition === "documentation_needed") return assignmentFor(store, run)?.documentation_needed ?? true;
  if (condition === "has_findings") {
    const findings = store.all("findings", { task_id: run.task_id });
    return findings.some((finding) => finding.status === "Open");
  }
  const starting = await startingChanges(store, changes, run, state.name);
  return starting !== null && starting.files.length > 0;
};
