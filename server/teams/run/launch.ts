import { CoditectError, fail, toExecutionError } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Task, TeamRun } from "../../../schemas/run.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { INTERRUPTED } from "../../executions/run-execution.ts";
import type { ActiveRun, DriveParts } from "./active-run.ts";
import { driveRun } from "./drive.ts";
import { tellFinished } from "./finish.ts";

/** A run at work. */
export interface LaunchedRun {
  active: ActiveRun;
  /** Its first execution, as soon as it is stored; rejects if the run ends without one. */
  firstExecution: Promise<AgentExecution>;
  /** Resolves when the run has ended, waits for a person, or was interrupted. Never rejects. */
  done: Promise<void>;
}

/** Ends a run from outside: its stages, model calls, tools and processes stop at once. */
export const stopRun = (
  active: ActiveRun,
  status: "Cancelled" | "LimitReached",
  error: CoditectError | null,
): void => {
  active.stopped ??= { status, error: error === null ? null : toExecutionError(error) };
  active.controller.abort(fail("cancelled", { what: "The run" }));
};

/** Ends the work and not the run: it can be resumed as if its runtime had been killed. */
export const interruptRun = (active: ActiveRun): void => {
  active.controller.abort(INTERRUPTED);
};

/** Drives a stored run in the background; what comes of it is told by events. */
export const launchRun = (
  parts: DriveParts,
  run: TeamRun,
  task: Task,
  baseline: TestReport | null,
): LaunchedRun => {
  const first = Promise.withResolvers<AgentExecution>();
  const active: ActiveRun = {
    run,
    task,
    controller: new AbortController(),
    stopped: null,
    parked: false,
    wake: () => undefined,
    baseline,
    began: first.resolve,
  };
  const seconds = run.options.timeout_seconds ?? parts.settings.run_timeout_seconds;
  const deadline = setTimeout(() => {
    stopRun(active, "LimitReached", fail("timed_out", { what: "The run", seconds }));
  }, seconds * 1000);
  const done = driveRun(parts, active)
    .catch((error: unknown) => {
      // Only a store that cannot be written any more gets here, so nothing of this can be stored.
      const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
      parts.log("error", "a run cannot be driven any more", { task_id: run.task_id, details });
      // Whoever follows it must not wait for ever; as stored it is at work, and is resumed later.
      const known = error instanceof CoditectError ? error : fail("internal", { reference: run.task_id });
      tellFinished(parts, { ...active.run, status: "Failed", error: toExecutionError(known) });
    })
    .finally(() => {
      clearTimeout(deadline);
      const reason = active.run.error?.message ?? "the run ended before an agent began";
      first.reject(fail("worker_failed", { what: "begin", reason }));
    });
  // Most callers do not wait for it.
  first.promise.catch(() => undefined);
  return { active, firstExecution: first.promise, done };
};
