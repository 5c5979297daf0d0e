import type { ExecutionStatus } from "./execution.ts";
import type { RunStatus } from "./run.ts";

/** Statuses after which nothing more happens to an execution. */
const finalExecutionStatuses: ReadonlySet<ExecutionStatus> = new Set([
  "Completed",
  "Failed",
  "Cancelled",
  "TimedOut",
]);

/** Running, or waiting for an instance or a person. */
const activeRunStatuses: ReadonlySet<RunStatus> = new Set(["Queued", "Running", "WaitingForApproval"]);

/** Not ended by its gates: it can resume from its last checkpoint. */
const resumableRunStatuses: ReadonlySet<RunStatus> = new Set([
  "Interrupted",
  "LimitReached",
  "Failed",
  "Cancelled",
]);

export const isFinalExecution = (status: ExecutionStatus): boolean => finalExecutionStatuses.has(status);

/** Whether the run is running or waits; if not, it has ended. */
export const isRunActive = (status: RunStatus): boolean => activeRunStatuses.has(status);

/** Whether the run has ended, though it may be resumed. */
export const isRunEnded = (status: RunStatus): boolean => !isRunActive(status);

/** Whether the run is unfinished: active, or interrupted before it could end. Retention keeps it. */
export const isRunOpen = (status: RunStatus): boolean => isRunActive(status) || status === "Interrupted";

/** Whether the run can be resumed. One whose gates failed is retried from a stage instead. */
export const isRunResumable = (status: RunStatus): boolean => resumableRunStatuses.has(status);

/** Whether a person is offered to resume the run: not after they cancelled it themselves. */
export const offersResume = (status: RunStatus): boolean => isRunResumable(status) && status !== "Cancelled";
