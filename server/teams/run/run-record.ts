import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Task, TeamRun } from "../../../schemas/run.ts";
import { isRunOpen } from "../../../schemas/statuses.ts";
import { putRun } from "../../metrics/acceptance.ts";
import { cancel, isFinished, requeue } from "../../models/execution.ts";
import { cancelRun } from "../plan.ts";
import { tellFinished } from "./finish.ts";
import type { RunParts } from "./stage-round.ts";

type RecordParts = Pick<RunParts, "store" | "ledger" | "emit" | "now">;

/** The stored run. Only this class writes it, and each state is durable before it takes effect. */
export class RunRecord {
  readonly #parts: RecordParts;
  #run: TeamRun;

  constructor(parts: RecordParts, run: TeamRun) {
    this.#parts = parts;
    this.#run = run;
  }

  get run(): TeamRun {
    return this.#run;
  }

  /** Stores the next state of the run, with executions that belong to it, in one commit. */
  async save(next: TeamRun, executions: readonly AgentExecution[] = []): Promise<void> {
    const { store, emit, now } = this.#parts;
    const statusChanged = next.status !== this.#run.status;
    this.#run = next;
    await store.commit((transaction) => {
      for (const execution of executions) transaction.put("executions", execution);
      putRun(transaction, next);
    });
    const { task_id, status } = next;
    if (statusChanged) emit({ type: "run.changed", at: now(), task_id, status });
  }

  /** Changes the run in memory. The change is stored with the next state. */
  replace(next: TeamRun): void {
    this.#run = next;
  }

  /** Stores the run with its task before its driver begins. */
  async create(task: Task): Promise<void> {
    await this.#parts.store.commit((transaction) => {
      transaction.put("tasks", task);
      putRun(transaction, this.#run);
    });
  }

  /** Cancels a run that has no driver. Does nothing if the run has ended. */
  async cancelIdle(): Promise<TeamRun> {
    if (!isRunOpen(this.#run.status)) return this.#run;
    const { store, ledger, emit, now } = this.#parts;
    const cancelled = cancelRun(this.#run, now());
    await store.commit((transaction) => {
      for (const execution of store.all("executions", { task_id: cancelled.task_id })) {
        if (isFinished(execution)) continue;
        transaction.put("executions", cancel(execution, now()));
        ledger.settle(transaction, execution.execution_id);
      }
      putRun(transaction, cancelled);
    });
    this.#run = cancelled;
    emit({ type: "run.changed", at: now(), task_id: cancelled.task_id, status: "Cancelled" });
    tellFinished(this.#parts, cancelled);
    return cancelled;
  }
}

/** Marks the runs that a former runtime left running as Interrupted, so that they can be resumed. */
export const interruptLeftRuns = async ({ store, now }: RecordParts): Promise<void> => {
  const left = store
    .all("runs", { open: true })
    .filter((run) => run.status === "Running" || run.status === "Queued");
  if (left.length === 0) return;
  const cutOff = left
    .flatMap(({ task_id }) => store.all("executions", { task_id }))
    .filter((execution) => !isFinished(execution) && execution.status !== "Queued");
  await store.commit((transaction) => {
    for (const run of left) putRun(transaction, { ...run, status: "Interrupted", updated_at: now() });
    // Nothing works on them now. Their transcripts contain what they did.
    for (const execution of cutOff) transaction.put("executions", requeue(execution));
  });
};
