import { timerMs } from "../../../schemas/primitives.ts";
import { CoditectError, fail, toExecutionError } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { StageState, Task, TeamRun } from "../../../schemas/run.ts";
import { isRunEnded } from "../../../schemas/statuses.ts";
import { summarise } from "../../../schemas/summary.ts";
import { Stop, stopOf } from "../../executions/stop.ts";
import { addUsage } from "../../models/execution.ts";
import {
  answerApproval,
  askForApproval,
  beginStage,
  cancelRun,
  definitionOf,
  endStage,
  rankStage,
  readyStages,
  settle,
  skipStage,
  stateOf,
  type StageOutcome,
} from "../plan.ts";
import { startingChanges } from "../stage/stage-changes.ts";
import { isReviewing } from "../stage/conclude-stage.ts";
import type { StageWork } from "../stage/stage-parts.ts";
import { outcomeOf, workStage } from "../stage/stage-work.ts";
import { scoreAuthors } from "./author-quality.ts";
import { applyUnasked, retireFindings, runEndHooks, tellFinished, withFinalChanges } from "./finish.ts";
import { rankAttempts } from "./ranking.ts";
import { continueStage } from "./reopen.ts";
import { RunBaseline } from "./run-baseline.ts";
import type { RunRecord } from "./run-record.ts";
import { RunningExecutions } from "./running-executions.ts";
import { conditionHolds, errorOf, failedOutcome, stoppedOutcome } from "./stage-outcome.ts";
import { prepareRound, type PreparedRound, type RunParts } from "./stage-round.ts";

/**
 * Owns a team run while it is running. Nothing else writes the run, begins its stages, or stops them. Several
 * stages run in parallel. Refused work goes back only when all of them have ended, so that one round answers all
 * refusals.
 */
export class RunDriver {
  readonly #parts: RunParts;
  readonly #record: RunRecord;
  readonly #task: Task;
  readonly #controller = new AbortController();
  /** Running stages. */
  readonly #working = new Map<string, Promise<void>>();
  readonly #executions = new RunningExecutions();
  readonly #first = Promise.withResolvers<AgentExecution>();
  readonly #baseline: RunBaseline;
  #isParked = false;
  /** Makes the driver check again which stages can begin. */
  #wake: () => void = () => undefined;
  /** Resolves when the run has ended, waits for a person, or was interrupted. Never rejects. */
  readonly done: Promise<void>;

  /** Drives a stored run in the background; events report its progress. */
  constructor(parts: RunParts, record: RunRecord, task: Task) {
    this.#parts = parts;
    this.#record = record;
    this.#task = task;
    this.#baseline = new RunBaseline(parts.store.objects, (baseline) =>
      this.#save({ ...this.run, baseline, updated_at: parts.now() }),
    );
    // Most callers do not wait for it.
    this.#first.promise.catch(() => undefined);
    this.done = this.#driveToEnd();
  }

  get run(): TeamRun {
    return this.#record.run;
  }

  /** Whether it waits for a person and has stopped driving. The answer must then begin the run again. */
  get isParked(): boolean {
    return this.#isParked;
  }

  /** Resolves with the first execution when it is stored. Rejects if the run ends without one. */
  get firstExecution(): Promise<AgentExecution> {
    return this.#first.promise;
  }

  /** Ends all stages, model calls, tools and processes at once. The first reason counts. */
  stop(reason: Stop): void {
    this.#controller.abort(reason);
  }

  /** Takes a person's answer to a waiting stage. */
  async answer(stage: string, approved: boolean): Promise<void> {
    await this.#record.save(answerApproval(this.run, stage, approved, this.#parts.now()));
    this.#wake();
  }

  /**
   * Cancels one running execution. Resolves when its stage has ended or, if it is one of several attempts, when the
   * attempt has ended. Everything else continues.
   */
  async cancelExecution(executionId: string): Promise<void> {
    const cancelled = this.#executions.cancel(executionId);
    if (cancelled === null) return this.done;
    const { stage, ended } = cancelled;
    await (stage === null ? ended : this.#working.get(stage));
  }

  async #driveToEnd(): Promise<void> {
    const { settings, log } = this.#parts;
    const { task_id, options } = this.run;
    const seconds = options.timeout_seconds ?? settings.run_timeout_seconds;
    const late = () => {
      this.stop(new Stop("limit", fail("timed_out", { what: "The run", seconds })));
    };
    const deadline = setTimeout(late, timerMs(seconds * 1000));
    try {
      await this.#baseline.load(this.run.baseline);
      await this.#drive();
    } catch (error) {
      // This only happens if the store can no longer be written, so the error cannot be stored.
      const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log("error", "a run cannot be driven any more", { task_id, details });
      // Listeners must not wait forever. In the store, the run is still running, so it is resumed later.
      const known = error instanceof CoditectError ? error : fail("internal", { reference: task_id });
      tellFinished(this.#parts, { ...this.run, status: "Failed", error: toExecutionError(known) });
    } finally {
      clearTimeout(deadline);
      const reason = this.run.error?.message ?? `it is ${this.run.status}.`;
      this.#first.reject(fail("run_not_begun", { reason }));
    }
  }

  async #drive(): Promise<void> {
    // Stages that a former runtime left running continue first.
    for (const { name, status } of this.run.stages) {
      if (status === "Running") this.#launch(name, this.#runStage(name));
    }
    for (;;) {
      if (this.#working.size === 0 && (await this.#isOver())) return;
      const failed = this.run.stages.some(({ status }) => status === "Failed" || status === "Cancelled");
      const ready = failed ? [] : readyStages(this.run).filter(({ name }) => !this.#working.has(name));
      for (const { name } of ready) this.#launch(name, this.#begin(name));
      if (this.#working.size > 0) await this.#anyStageEnds();
      if (this.#stop?.kind === "interrupted") {
        await Promise.allSettled(this.#working.values());
        await this.#save({ ...this.run, status: "Interrupted", updated_at: this.#parts.now() });
        return;
      }
    }
  }

  /** Decides what follows if no stage is running. Returns whether the driver is done. */
  async #isOver(): Promise<boolean> {
    const { now } = this.#parts;
    const settled = settle(this.run, now());
    if (settled !== this.run) await this.#save(settled);
    if (this.run.status === "WaitingForApproval") {
      const stop = this.#stop;
      if (stop === null || stop.kind === "interrupted") {
        this.#isParked = true;
        return true;
      }
      await this.#save({ ...cancelRun(this.run, now()), ...stoppedOutcome(stop) });
    }
    if (!isRunEnded(this.run.status)) return false;
    await this.#save(await withFinalChanges(this.#parts, this.run));
    await applyUnasked(this.#parts, this.run);
    await runEndHooks(this.#parts, this.run);
    tellFinished(this.#parts, this.run);
    return true;
  }

  /** Begins a ready stage, unless it is skipped or must wait for a person. */
  async #begin(name: string): Promise<void> {
    let begins: boolean;
    try {
      begins = await this.#mayBegin(stateOf(this.run, name));
    } catch (error) {
      if (this.#stop?.kind === "interrupted") return;
      await this.#endStage(name, this.#outcomeOfError(name, error));
      return;
    }
    if (begins) await this.#runStage(name);
  }

  /** Whether the stage begins now. If not, it was skipped or waits for a person. */
  async #mayBegin(state: StageState): Promise<boolean> {
    const { store, changes, now, emit } = this.#parts;
    const { task_id } = this.run;
    const stage = definitionOf(this.run, state.name);
    if (!(await conditionHolds(this.#parts, this.run, state))) {
      const inherited = await startingChanges(store, changes, this.run, state.name);
      await this.#save(skipStage(this.run, state.name, inherited?.change_set_id ?? null, now()));
      emit({ type: "stage.finished", at: now(), task_id, stage: stateOf(this.run, state.name) });
      return false;
    }
    if (!stage.approval || state.approved) return true;
    await this.#save(askForApproval(this.run, state.name, now()));
    const question = `May ${stage.member} begin the stage ${stage.name}?`;
    emit({ type: "approval.needed", at: now(), task_id, stage: stage.name, question });
    return false;
  }

  /** Works on one round of a stage, with one execution or several attempts. Adds the outcome to the run. */
  async #runStage(name: string): Promise<void> {
    const { signal } = this.#controller;
    let outcome: StageOutcome;
    try {
      const rounds = await prepareRound(
        this.#parts,
        { run: this.run, task: this.#task, baseline: this.#baseline, signal },
        stateOf(this.run, name),
      );
      const watched = rounds.map(({ work }) => this.#executions.add(work, rounds.length === 1 ? name : null));
      try {
        await this.#announce(name, rounds);
        const ended = await Promise.allSettled(watched.map((work) => this.#work(work)));
        outcome = await this.#outcomeOfRound(name, ended);
      } finally {
        for (const { execution } of watched) this.#executions.remove(execution);
      }
    } catch (error) {
      if (this.#stop?.kind === "interrupted") return;
      outcome = this.#outcomeOfError(name, error);
    }
    await this.#endStage(name, outcome);
  }

  async #work(work: StageWork): Promise<AgentExecution> {
    try {
      return await workStage(this.#parts, work);
    } finally {
      this.#executions.remove(work.execution);
    }
  }

  /** The outcome of a round. If there are several attempts, it is that of the best one. */
  async #outcomeOfRound(
    name: string,
    ended: readonly PromiseSettledResult<AgentExecution>[],
  ): Promise<StageOutcome> {
    const { store, now } = this.#parts;
    const finished = ended.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const broken = ended.find((result) => result.status === "rejected");
    // An attempt that cannot finish now continues when the run resumes.
    const isInterrupted = this.#stop?.kind === "interrupted";
    if (broken !== undefined && (isInterrupted || finished.length === 0)) throw broken.reason;
    const attempts = rankAttempts(store, stateOf(this.run, name), finished);
    if (attempts.length > 0) this.#record.replace(rankStage(this.run, name, attempts, now()));
    const chosen = attempts.find(({ rank }) => rank === 1)?.execution_id;
    const best = finished.find(({ execution_id }) => execution_id === chosen) ?? finished[0];
    if (best === undefined) throw new RangeError(`stage ${name} of run ${this.run.task_id} has no execution`);
    await retireFindings(this.#parts, stateOf(this.run, name), best);
    if (isReviewing(best)) await scoreAuthors(this.#parts, this.run.task_id);
    const usage = finished.reduce((sum, { resource_usage }) => addUsage(sum, resource_usage), this.run.usage);
    this.#record.replace({ ...this.run, usage });
    return outcomeOf(best);
  }

  /** Stores that a round begins or resumes, and emits it. */
  async #announce(name: string, rounds: readonly PreparedRound[]): Promise<void> {
    const { now, emit } = this.#parts;
    const [first] = rounds;
    if (first === undefined) return;
    const { execution, agent, startsWith } = first.work;
    const ids = rounds.map(({ work }) => work.execution.execution_id);
    const begun =
      stateOf(this.run, name).status === "Running"
        ? continueStage(this.run, name, ids, now())
        : beginStage(this.run, name, ids, startsWith?.change_set_id ?? null, now());
    const fresh = rounds.flatMap(({ work, isNew }) => (isNew ? [work.execution] : []));
    await this.#record.save(begun, fresh);
    this.#first.resolve(execution);
    const { round, feedback } = stateOf(this.run, name);
    const { task_id } = execution;
    const { agent_type } = agent;
    emit({ type: "stage.started", at: now(), task_id, stage: name, agent_type, round, feedback });
    for (const { work } of rounds)
      emit({ type: "execution.changed", at: now(), task_id, execution: summarise(work.execution) });
  }

  /** Adds the outcome of a round to the run. */
  async #endStage(name: string, given: StageOutcome): Promise<void> {
    const { now, emit } = this.#parts;
    const stop = this.#stop;
    const isStopped = given.type === "cancelled" && stop !== null && stop.kind !== "run_ended";
    const outcome: StageOutcome = isStopped ? { type: "failed", ...stoppedOutcome(stop) } : given;
    await this.#save(endStage(this.run, name, outcome, now()));
    const { task_id } = this.run;
    emit({ type: "stage.finished", at: now(), task_id, stage: stateOf(this.run, name) });
    // If the run ends, its other stages end, too. Their late results do not count.
    if (outcome.type === "failed") this.stop(new Stop("run_ended"));
  }

  /** The outcome of an error outside any execution. A defect is logged in full and reported as `internal`. */
  #outcomeOfError(stage: string, error: unknown): StageOutcome {
    if (this.#stop !== null) return { type: "cancelled" };
    return failedOutcome(error instanceof CoditectError ? error : errorOf(this.#parts.log, stage, error));
  }

  get #stop(): Stop | null {
    return stopOf(this.#controller.signal);
  }

  #save(next: TeamRun): Promise<void> {
    return this.#record.save(next);
  }

  #launch(name: string, work: Promise<void>): void {
    this.#working.set(
      name,
      work.finally(() => this.#working.delete(name)),
    );
  }

  async #anyStageEnds(): Promise<void> {
    const woken = Promise.withResolvers<undefined>();
    this.#wake = () => {
      woken.resolve(undefined);
    };
    await Promise.race([...this.#working.values(), woken.promise]);
  }
}
