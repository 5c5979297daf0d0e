import { timerMs } from "../../../schemas/primitives.ts";
import { CoditectError, fail, toExecutionError } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { StageState, Task, TeamRun } from "../../../schemas/run.ts";
import { isRunEnded } from "../../../schemas/statuses.ts";
import { summarise } from "../../../schemas/summary.ts";
import { TestReport } from "../../../schemas/tests.ts";
import { Stop, stopOf } from "../../executions/stop.ts";
import { addUsage } from "../../models/execution.ts";
import {
  answerApproval,
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
import { isReviewing, outcomeOf, workStage } from "../stage/stage-work.ts";
import { scoreAuthors } from "./author-quality.ts";
import { applyUnasked, retireFindings, runEndHooks, tellFinished, withFinalChanges } from "./finish.ts";
import type { RunRecord } from "./run-record.ts";
import { conditionHolds, errorOf, failedOutcome, stoppedOutcome } from "./stage-outcome.ts";
import { prepareRound, type PreparedRound, type RunParts } from "./stage-round.ts";

/**
 * Owns a team run while it is running: nothing else writes the run, begins its stages, or stops them.
 * Several stages run in parallel; refused work goes back only when all of them have ended, so
 * that one round answers all.
 */
export class RunDriver {
  readonly #parts: RunParts;
  readonly #record: RunRecord;
  readonly #task: Task;
  readonly #controller = new AbortController();
  /** Running stages. */
  readonly #working = new Map<string, Promise<void>>();
  /** What cancels a running execution, and the stage that it belongs to. */
  readonly #executions = new Map<string, { stage: string; controller: AbortController }>();
  readonly #first = Promise.withResolvers<AgentExecution>();
  /** Report of the whole suite on the workspace as it was; null until measured. */
  #baseline: TestReport | null = null;
  /** The measurement of the baseline that a stage waits for; null: none does. */
  #measuring: Promise<TestReport> | null = null;
  #isParked = false;
  /** Makes the driver look again at what can begin. */
  #wake: () => void = () => undefined;
  /** Resolves when the run has ended, waits for a person, or was interrupted. Never rejects. */
  readonly done: Promise<void>;

  /** Drives a stored run in the background; events report its progress. */
  constructor(parts: RunParts, record: RunRecord, task: Task) {
    this.#parts = parts;
    this.#record = record;
    this.#task = task;
    // Most callers do not wait for it.
    this.#first.promise.catch(() => undefined);
    this.done = this.#driveToEnd();
  }

  get run(): TeamRun {
    return this.#record.run;
  }

  /** Whether it waits for a person and drives nothing: the answer has to begin the run again. */
  get isParked(): boolean {
    return this.#isParked;
  }

  /** Its first execution, as soon as that is stored; rejects if the run ends without one. */
  get firstExecution(): Promise<AgentExecution> {
    return this.#first.promise;
  }

  /** Stops the work: its stages, model calls, tools and processes end at once. The first reason counts. */
  stop(reason: Stop): void {
    this.#controller.abort(reason);
  }

  /** Takes a person's answer to a stage that waits. */
  async answer(stage: string, approved: boolean): Promise<void> {
    await this.#record.save(answerApproval(this.run, stage, approved, this.#parts.now()));
    this.#wake();
  }

  /** Cancels one running execution, and resolves when its stage has ended. Other stages continue. */
  async cancelExecution(executionId: string): Promise<void> {
    const entry = this.#executions.get(executionId);
    entry?.controller.abort(new Stop("cancelled"));
    await (entry === undefined ? this.done : this.#working.get(entry.stage));
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
      await this.#loadBaseline();
      await this.#drive();
    } catch (error) {
      // Only a store that cannot be written any more gets here, so nothing of this can be stored.
      const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log("error", "a run cannot be driven any more", { task_id, details });
      // Those who follow it must not wait for ever; the store has it as running, so it is resumed later.
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

  /** With no stage running: settles what follows, and says whether the driver is done. */
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

  /** Begins a stage that is ready, unless it is skipped or has to wait for a person. */
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

  /** Whether the stage begins now; if not, it was skipped, or waits for a person. */
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

  /** Works a stage through one round and takes the outcome into the run. */
  async #runStage(name: string): Promise<void> {
    const controller = new AbortController();
    const signal = AbortSignal.any([this.#controller.signal, controller.signal]);
    let outcome: StageOutcome;
    try {
      const round = await prepareRound(
        this.#parts,
        { run: this.run, task: this.#task, baseline: this.#baselineAccess, signal },
        stateOf(this.run, name),
      );
      const { execution_id } = round.work.execution;
      this.#executions.set(execution_id, { stage: name, controller });
      try {
        await this.#announce(name, round);
        const finished = await workStage(this.#parts, round.work);
        await retireFindings(this.#parts, stateOf(this.run, name), finished);
        if (isReviewing(finished)) await scoreAuthors(this.#parts, this.run.task_id);
        this.#record.replace({ ...this.run, usage: addUsage(this.run.usage, finished.resource_usage) });
        outcome = outcomeOf(finished);
      } finally {
        this.#executions.delete(execution_id);
      }
    } catch (error) {
      if (this.#stop?.kind === "interrupted") return;
      outcome = this.#outcomeOfError(name, error);
    }
    await this.#endStage(name, outcome);
  }

  /** Stores that a round begins or resumes, and emits it. */
  async #announce(name: string, { work, isNew }: PreparedRound): Promise<void> {
    const { now, emit } = this.#parts;
    const { execution, agent, startsWith } = work;
    const { execution_id, task_id } = execution;
    const begun =
      stateOf(this.run, name).status === "Running"
        ? continueStage(this.run, name, execution_id, now())
        : beginStage(this.run, name, execution_id, startsWith?.change_set_id ?? null, now());
    await this.#record.save(begun, isNew ? execution : null);
    this.#first.resolve(execution);
    const { round, feedback } = stateOf(this.run, name);
    const { agent_type } = agent;
    emit({ type: "stage.started", at: now(), task_id, stage: name, agent_type, round, feedback });
    emit({ type: "execution.changed", at: now(), task_id, execution: summarise(execution) });
  }

  /** Takes the outcome of a round into the run. */
  async #endStage(name: string, given: StageOutcome): Promise<void> {
    const { now, emit } = this.#parts;
    const stop = this.#stop;
    const isStopped = given.type === "cancelled" && stop !== null && stop.kind !== "run_ended";
    const outcome: StageOutcome = isStopped ? { type: "failed", ...stoppedOutcome(stop) } : given;
    await this.#save(endStage(this.run, name, outcome, now()));
    const { task_id } = this.run;
    emit({ type: "stage.finished", at: now(), task_id, stage: stateOf(this.run, name) });
    // What ends the run ends its other stages too; their late answers count for nothing.
    if (outcome.type === "failed") this.stop(new Stop("run_ended"));
  }

  /** A failure outside any execution; a defect is logged in full and reported as `internal`. */
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

  async #loadBaseline(): Promise<void> {
    const { baseline } = this.run;
    if (baseline === null) return;
    const stored = await this.#parts.store.objects.get(baseline);
    this.#baseline = TestReport.parse(JSON.parse(stored.toString("utf8")));
  }

  readonly #baselineAccess = {
    read: (): TestReport | null => this.#baseline,
    once: async (measure: () => Promise<TestReport>): Promise<TestReport> => {
      // What fails for another stage, or ends with it, is no answer for this one.
      while (this.#baseline === null && this.#measuring !== null)
        await this.#measuring.catch(() => undefined);
      if (this.#baseline !== null) return this.#baseline;
      this.#measuring = measure();
      try {
        const report = await this.#measuring;
        await this.#keepBaseline(report);
        return report;
      } finally {
        this.#measuring = null;
      }
    },
  };

  async #keepBaseline(report: TestReport): Promise<void> {
    const { store, now } = this.#parts;
    this.#baseline = report;
    const baseline = await store.objects.put(Buffer.from(JSON.stringify(report)));
    await this.#save({ ...this.run, baseline, updated_at: now() });
  }
}
