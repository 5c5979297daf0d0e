import type { RuntimeType } from "../../../schemas/agent.ts";
import type { AgentInstance } from "../../../schemas/instance.ts";
import type { WorkerMethod, WorkerParams, WorkerResult } from "../../../schemas/worker.ts";
import {
  assignTask,
  completeTask,
  isActive,
  transitionState,
  updateHealth,
  updateResources,
} from "../../models/instance.ts";
import { createCalls } from "./calls.ts";
import { newClaim, type Claim } from "./claim.ts";
import type { WorkerConnection } from "../../protocol/worker-end.ts";
import type { InstanceLimits, RunningWorker, WorkerEnd, WorkerUsage } from "../drivers/driver.ts";
import { deathOf, recordOfEnd } from "./end.ts";
import type { HiddenPath } from "../drivers/hidden.ts";
import { createMeter, type Meter } from "./meter.ts";
import type { ClaimedInstance, ClaimRequest } from "../pool.ts";
import type { Cause, InstanceRecords } from "./records.ts";
import type { PoolSettings } from "../settings.ts";
import type { Slot } from "../slots.ts";

/** How long cancelled work may take to end. After that, its instance is ended. */
const CANCEL_GRACE_MS = 1000;
/** How long the end of a worker and its reason may take to arrive after its connection has closed. */
const LAST_WORD_MS = 10_000;

const within = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });

/** The properties that decide which claims an instance can serve. */
export interface InstanceKind {
  agent_id: string;
  agent_type: ClaimRequest["agent"]["agent_type"];
  workspace: string;
  runtime: RuntimeType;
  image: string | null;
  /** Whether its commands may ask for hosts. It then has network access that the user must allow per host. */
  asks: boolean;
  /** The memory that its agent asks for; null means the pool's default. */
  memory_mb: number | null;
}

export interface InstanceParts {
  record: AgentInstance;
  kind: InstanceKind;
  slot: Slot;
  records: InstanceRecords;
  settings: PoolSettings;
  /** Called when nothing of the instance runs any more and its last record is written. */
  onEnded(instance: Instance): void;
  /** Called when a background write has failed. The store is then read-only. */
  onTrouble(error: unknown): void;
}

/** A live instance, with its record and its worker. */
export class Instance {
  readonly kind: InstanceKind;
  readonly slot: Slot;
  record: AgentInstance;
  /** The number of claims so far. */
  served = 0;
  /** The last measured size of its private copy on disk. */
  diskMb: number | null = null;
  #parts: InstanceParts;
  #worker: RunningWorker | null = null;
  #connection: WorkerConnection | null = null;
  #claim: Claim | null = null;
  #end: WorkerEnd | null = null;
  readonly #meter: Meter;
  readonly #calls = createCalls();
  #retiring = false;
  /** Whether it is reserved for a claim while the pool checks that it can still serve it. */
  isReserved = false;
  /** Paths of the workspace that it has not seen since it started. */
  hidden: readonly HiddenPath[] = [];
  readonly #ending = Promise.withResolvers<WorkerEnd>();

  constructor(parts: InstanceParts) {
    this.#parts = parts;
    this.kind = parts.kind;
    this.slot = parts.slot;
    this.record = parts.record;
    this.#meter = createMeter(parts.settings.limits.cpus);
  }

  get id(): string {
    return this.record.instance_id;
  }
  /** Whether it is ready for a claim. */
  get isFree(): boolean {
    const isThere = this.#end === null && this.#connection?.isOpen() === true;
    return isThere && this.record.state === "Idle" && !this.#retiring && !this.isReserved;
  }
  /** Whether its worker can answer. An instance that is paused, starting or ending cannot. */
  isResponsive(): boolean {
    const { state } = this.record;
    return this.#end === null && (state === "Idle" || state === "Working");
  }
  get hasEnded(): boolean {
    return this.#end !== null;
  }
  /** The caps of this instance. They are the pool's, except for the memory that its agent asks for. */
  get limits(): InstanceLimits {
    const { limits } = this.#parts.settings;
    return { ...limits, memory_mb: this.kind.memory_mb ?? limits.memory_mb };
  }
  get claim(): ClaimRequest | null {
    return this.#claim?.request ?? null;
  }
  get worker(): RunningWorker | null {
    return this.#worker;
  }
  /** Resolves when nothing of the instance runs any more. */
  get ended(): Promise<WorkerEnd> {
    return this.#ending.promise;
  }

  worksOn(executionId: string): boolean {
    return this.#claim?.executions.has(executionId) ?? false;
  }

  /** Changes the record, and stores it with its event in the audit trail. Resolves when both are durable. */
  write(type: Parameters<InstanceRecords["write"]>[0], after: AgentInstance, cause: Cause): Promise<void> {
    const before = this.record;
    this.record = after;
    return this.#parts.records.write(type, before, after, cause);
  }

  transition(to: AgentInstance["state"], cause: Cause): Promise<void> {
    return this.write("StateChanged", transitionState(this.record, to, now()), cause);
  }

  /** Takes over a started worker. From now on, the instance ends when the worker ends. */
  attach(worker: RunningWorker): void {
    this.#worker = worker;
    void worker.ended.then((end) => this.#finish(end));
  }

  connect(connection: WorkerConnection): void {
    this.#connection = connection;
  }

  /** Assigns a task: Idle → Working. */
  async assign(request: ClaimRequest): Promise<ClaimedInstance> {
    const assigned = assignTask(this.record, request.task_id, now());
    const claim = newClaim(request, this.#meter.last);
    this.#claim = claim;
    this.served += 1;
    await this.write("TaskAssigned", assigned, {
      actor: "pool",
      cause: `claimed by ${request.agent.name}`,
      details: { task_id: request.task_id, priority: request.priority },
    });
    return {
      record: () => this.record,
      call: (method, params, signal) => this.call(method, params, signal),
      unconfinedReason: this.#worker?.unconfinedReason ?? null,
      consumed: () => ({
        cpu_seconds: Math.max(0, this.#meter.last.cpu_seconds - claim.cpuBefore),
        peak_memory_mb: claim.peakMemory,
      }),
      addUsage: (usage) => {
        this.record = updateResources(this.record, usage, now());
      },
      release: () => this.release(),
    };
  }

  /** Calls the worker; see {@link ClaimedInstance.call}. */
  async call<M extends WorkerMethod>(
    method: M,
    params: WorkerParams<M>,
    signal: AbortSignal,
  ): Promise<WorkerResult<M>> {
    if (this.#connection === null || this.#end !== null) throw deathOf(this.kind.runtime, this.#end);
    if ("execution_id" in params) this.#claim?.executions.add(params.execution_id);
    if (method === "workspace/prepare") await this.#worker?.remote?.refresh(signal);
    const result = await this.#calls.make(this.#connection, method, params, signal);
    if (method === "execution/run" || method === "tests/run") await this.measure();
    return result;
  }

  /** Measures what the worker and its children use, and updates the peak of the claim. */
  async measure(maxAge?: number): Promise<WorkerUsage> {
    if (this.#worker === null || this.#end !== null) return this.#meter.last;
    const measured = await this.#meter.look(this.#worker, maxAge);
    const usage = this.#meter.last;
    this.record = updateResources(this.record, measured, now());
    if (this.#claim !== null) {
      this.#claim.peakMemory = Math.max(this.#claim.peakMemory, usage.memory_mb);
    }
    return usage;
  }

  /** Takes the result of a health check. The third failure in a row ends the instance as Failed. */
  async checked(problem: string | null): Promise<void> {
    const before = this.record;
    const after = updateHealth(before, problem === null, problem, now());
    if (problem === null && before.health.is_healthy) {
      this.record = after;
      await this.#parts.records.measured(after);
      return;
    }
    const type = problem === null ? "HealthRecovered" : "HealthCheckFailed";
    await this.write(after.state === before.state ? type : "StateChanged", after, {
      actor: "health",
      cause: problem ?? "it answers again",
      details: { failures: after.health.failure_count },
    });
    if (after.state === "Failed") {
      await this.#worker?.kill({ kind: "unresponsive", how: problem ?? "failed health checks" });
    }
  }

  /** Records that it exceeded a cap, and ends it. Its state changes when nothing of it runs any more. */
  async exceeded(end: WorkerEnd): Promise<void> {
    if (this.#end !== null || !isActive(this.record)) return;
    const stored = this.write("LimitExceeded", this.record, { actor: "runtime", cause: end.how });
    await Promise.all([stored, this.#worker?.kill(end)]);
  }

  /** Completes the task: Working → Idle, and then Terminated if it must not be used again. */
  async release(): Promise<void> {
    if (this.#claim === null) return;
    const usage = await this.measure(0);
    const wornOut = await this.#whyNotReused();
    // It may have died during the measurement.
    if (this.hasEnded) return;
    this.#retiring = wornOut !== null;
    const { over } = this.#claim;
    this.#claim = null;
    if (this.record.state === "Working") {
      await this.write("TaskCompleted", completeTask(this.record, now()), {
        actor: "pool",
        cause: "released",
        details: { cpu_seconds: usage.cpu_seconds, memory_mb: usage.memory_mb },
      });
    } else {
      this.#retiring = true;
    }
    if (this.#retiring) await this.stop({ actor: "pool", cause: wornOut ?? "released while paused" });
    over.resolve();
  }

  /** Suspends all of its processes. Errors: `illegal_transition`. */
  async pause(cause: Cause): Promise<void> {
    const stored = this.transition("Paused", cause);
    await Promise.all([stored, this.#worker?.pause()]);
  }

  /** Paused → Working, and then Idle if it has no task. Errors: `illegal_transition`. */
  async resume(cause: Cause): Promise<void> {
    await this.#worker?.resume();
    const stored = this.transition("Working", cause);
    const idle = this.#claim === null ? this.transition("Idle", { ...cause, cause: "it has no task" }) : null;
    await Promise.all([stored, idle]);
  }

  /** Resolves when the current claim ends, for whatever reason. */
  whenReleased(): Promise<void> {
    return this.#claim?.over.promise ?? Promise.resolve();
  }

  /** Ends what is left of an instance whose record is final. */
  async abandon(how: string): Promise<void> {
    await (this.#worker?.kill({ kind: "stopped", how }) ?? this.#finish({ kind: "stopped", how }));
    await this.ended;
  }

  /** Ends it and everything that it started: Stopping → Terminated. */
  async stop(cause: Cause): Promise<void> {
    if (this.#end !== null || this.record.state === "Stopping") {
      await this.ended;
      return;
    }
    this.#retiring = true;
    const stored = this.transition("Stopping", cause);
    const end: WorkerEnd = { kind: "stopped", how: cause.cause };
    await Promise.all([stored, this.#worker?.kill(end) ?? this.#finish(end), this.ended]);
  }

  async #whyNotReused(): Promise<string | null> {
    if (!this.#calls.areSettled()) {
      await Promise.race([this.#calls.settled(), within(CANCEL_GRACE_MS), this.ended]);
      if (!this.#calls.areSettled()) return "it continued cancelled work";
    }
    if (this.#connection?.isOpen() !== true) {
      // The record must not say that a worker was stopped if the connection to it was lost.
      await Promise.race([this.ended, within(LAST_WORD_MS)]);
      return "its connection is closed";
    }
    if (this.served >= this.#parts.settings.recycle_after) return `recycled after ${this.served} executions`;
    if (!this.record.health.is_healthy) return "unhealthy";
    if (this.#worker?.unconfinedReason === null && this.#meter.hasLeftovers())
      return "processes were left behind in it";
    return null;
  }

  /** Call this when it has started and does nothing. Measures what it uses at rest. */
  async settle(): Promise<void> {
    await this.measure(0);
    this.#meter.rest();
  }

  async #finish(end: WorkerEnd): Promise<void> {
    if (this.#end !== null) return;
    this.#end = end;
    this.#calls.fail(deathOf(this.kind.runtime, end));
    const cause = { actor: "runtime", cause: end.how, details: { kind: end.kind } };
    try {
      const after = recordOfEnd(this.record, end, now());
      if (after !== this.record) await this.write("StateChanged", after, cause);
    } catch (error) {
      this.#parts.onTrouble(error);
    }
    this.#claim?.over.resolve();
    this.#claim = null;
    this.#ending.resolve(end);
    this.#connection?.dispose();
    this.#parts.onEnded(this);
  }
}

const now = (): string => new Date().toISOString();
