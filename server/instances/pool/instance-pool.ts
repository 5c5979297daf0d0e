import type { AgentConfig, RuntimeType } from "../../../schemas/agent.ts";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { AgentInstance } from "../../../schemas/instance.ts";
import type { Log } from "../../platform/log.ts";
import type { Store } from "../../store/store.ts";
import type { Driver } from "../drivers/driver.ts";
import { removeDeadSockets } from "../drivers/egress/sockets.ts";
import { createHiddenFinder, type HiddenFinder } from "../drivers/hidden.ts";
import type { Instance, InstanceKind } from "../instance/instance.ts";
import { isOutdated } from "../instance/outdated.ts";
import { createRecords, recordLost } from "../instance/records.ts";
import type { InstanceRecords } from "../instance/records.ts";
import { setInstanceState } from "../instance/set-state.ts";
import { every } from "../instance/watch.ts";
import type { ClaimedInstance, ClaimRequest, InstanceLoad, Pool } from "../pool.ts";
import type { PoolSettings, PoolSize } from "../settings.ts";
import { createSlots, removeOldCopies } from "../slots.ts";
import type { Slots } from "../slots.ts";
import { createCapacity } from "./capacity.ts";
import type { Capacity } from "./capacity.ts";
import { createDemandBook, canServe } from "./demand.ts";
import type { DemandBook } from "./demand.ts";
import { notAllowed, placesFor } from "./placement.ts";
import { createClaimQueue } from "./queue.ts";
import type { ClaimQueue, WaitingClaim } from "./queue.ts";
import { Roster } from "./roster.ts";
import { SharedPlaces } from "./shared-places.ts";
import { Spares } from "./spares.ts";
import { InstanceStarter } from "./starting.ts";

export interface PoolOptions {
  store: Store;
  /** The workspace of spares. */
  workspace: string;
  drivers: Readonly<Partial<Record<RuntimeType, Driver>>>;
  /** The folder of the private copies, in the cache folder of the operating system. */
  copiesFolder: string;
  /** The pool reads these whenever it needs them, because their owner may change them. */
  settings: PoolSettings;
  /** The places that this pool shares with others. Omitted: it shares none. */
  places?: SharedPlaces;
  emit: (event: RuntimeEvent) => void;
  log: Log;
}

/** Searching the copies of all workspaces must not delay the first work of the runtime. */
const TIDY_AFTER_MS = 1000;

/** After these errors, a process of this machine may serve the claim if the settings allow it. */
const engineErrors: ReadonlySet<string> = new Set([
  "engine_unavailable",
  "image_missing",
  "image_outdated",
  "cluster_unavailable",
  "cloud_run_unavailable",
  "instance_late",
]);

/** All surfaces use this text. It explains what a sandbox prevents. */
const unconfinedText = (reason: string): string =>
  `Commands of agents run without a sandbox: ${reason}. ` +
  "They can read and change every file that you can, read your programs' environment, and use the network.";

/** The instances of one runtime. Stored instances of a runtime that was killed become Failed at once. */
export class InstancePool implements Pool {
  readonly #options: PoolOptions;
  readonly #records: InstanceRecords;
  readonly #slots: Slots;
  readonly #roster = new Roster();
  readonly #capacity: Capacity;
  readonly #demand: DemandBook;
  readonly #queue: ClaimQueue;
  readonly #starter: InstanceStarter;
  readonly #spares: Spares;
  readonly #hidden: HiddenFinder;
  readonly #places: SharedPlaces;
  readonly #leavePlaces: () => void;
  readonly #stopTicking: () => void;
  readonly #tidying: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { store, settings, copiesFolder, drivers, log, emit } = options;
    const sizeOf = (kind: InstanceKind): PoolSize => settings.sizes[kind.agent_type] ?? settings.sizes.other;
    const onTrouble = (error: unknown): void => {
      log("error", "an instance could not be maintained", { error: String(error) });
    };
    const roster = this.#roster;
    const ownCaps = { all: () => settings.maximum, here: () => settings.maximum_here };
    const places = options.places ?? new SharedPlaces(ownCaps);
    const joined = places.join({
      roster,
      pump: () => {
        this.#pump();
      },
    });
    this.#places = places;
    this.#leavePlaces = joined.leave;
    const pump = (): void => {
      places.pump();
    };
    const records = createRecords(store, emit);
    const slots = createSlots(copiesFolder, store.folder, settings.copies);
    const capacity = createCapacity(roster.live, roster.coming, {
      ...ownCaps,
      machineMemoryMb: () => settings.machine_memory_mb,
      sizeOf,
      others: joined.others,
      shared: places.caps,
    });
    const demand = createDemandBook(sizeOf);
    const queue = createClaimQueue(
      () => settings.queue,
      () => roster.workingByTask(),
    );
    const hidden = createHiddenFinder();
    this.#hidden = hidden;
    const context = {
      ...{ store, records, settings, slots, drivers, log },
      hidden,
      onEnded: (instance: Instance) => {
        roster.live.delete(instance);
        void slots.give(instance.slot, true).catch(onTrouble).then(pump);
      },
    };
    const starter = new InstanceStarter({ context, roster, capacity, demand, onTrouble });
    const waiting = (kind: InstanceKind): number =>
      queue.waiting().filter(({ request }) => {
        const [first] = placesFor(request, settings);
        return first !== undefined && canServe(kind, first);
      }).length;
    this.#records = records;
    this.#slots = slots;
    this.#capacity = capacity;
    this.#demand = demand;
    this.#queue = queue;
    this.#starter = starter;
    this.#spares = new Spares({
      ...{ settings, roster, capacity, demand, starter, waiting, onTrouble },
      onReady: pump,
    });
    this.#stopTicking = every(Math.min(30_000, settings.idle_minutes * 15_000), async () => {
      await this.#spares.endIdle().catch(onTrouble);
      this.#pump();
    });
    this.#clearUp().catch(onTrouble);
    this.#tidying = setTimeout(() => {
      void removeOldCopies(copiesFolder, settings.copy_days, Date.now(), onTrouble);
    }, TIDY_AFTER_MS).unref();
  }

  async admit(runtime: RuntimeType): Promise<void> {
    await this.#options.drivers[runtime]?.admit?.();
  }

  claim(request: ClaimRequest): Promise<ClaimedInstance> {
    if (this.#isClosed) return Promise.reject(fail("cancelled", { what: "The claim" }));
    const [first] = placesFor(request, this.#options.settings);
    if (first === undefined) return Promise.reject(notAllowed(request.runtime));
    this.#demand.arrived(this.#demand.of(first, request.agent), Date.now());
    const claimed = this.#queue.add(request, Date.now());
    this.#pump();
    return claimed;
  }

  async create(agent: AgentConfig, runtime: RuntimeType, actor: string): Promise<AgentInstance> {
    const { agent_id, agent_type } = agent;
    const { workspace, settings } = this.#options;
    if (settings.local_only && runtime !== "Local") throw notAllowed(runtime);
    const { memory_mb } = agent.settings;
    const kind = { agent_id, agent_type, runtime, image: null, workspace, asks: settings.may_ask, memory_mb };
    if (!this.#capacity.mayStart(kind)) throw fail("pool_full", { count: this.#roster.count() });
    const instance = await this.#starter.start(kind, agent, { actor, cause: "asked for" });
    this.#pump();
    return instance.record;
  }

  async setState(
    instanceId: string,
    state: AgentInstance["state"],
    actor: string,
    cause: string,
  ): Promise<AgentInstance> {
    const parts = { store: this.#options.store, records: this.#records };
    const record = await setInstanceState(parts, this.#roster.live, instanceId, state, { actor, cause });
    this.#pump();
    return record;
  }

  terminate(instanceId: string, actor: string, cause: string): Promise<AgentInstance> {
    return this.setState(instanceId, "Terminated", actor, cause);
  }

  queued(): number {
    return this.#queue.waiting().length;
  }

  loads(): InstanceLoad[] {
    return [...this.#roster.live]
      .filter(({ record }) => record.state === "Working")
      .map(({ id, record, diskMb, limits }) => ({
        instance_id: id,
        memory: { used: record.resources.memory_mb, limit: limits.memory_mb },
        disk: { used: diskMb, limit: limits.disk_mb },
      }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#starter.close();
    this.#stopTicking();
    clearTimeout(this.#tidying);
    this.#queue.close();
    const cause = { actor: "runtime", cause: "the runtime stops" };
    await Promise.all([...this.#roster.live].map((instance) => instance.stop(cause)));
    await this.#starter.settled();
    await Promise.all(Object.values(this.#options.drivers).map((driver) => this.#closeDriver(driver)));
    await this.#slots.settled();
    this.#leavePlaces();
  }

  /** Serves every claim that can be served, in fair order. A claim whose kind is at its cap blocks no other. */
  #pump(): void {
    if (this.#isClosed) return;
    const queue = this.#queue;
    for (const entry of queue.inOrder(Date.now())) {
      const places = placesFor(entry.request, this.#options.settings);
      if (places.length === 0) {
        // The setting was turned on while the claim waited.
        queue.take(entry);
        entry.reject(notAllowed(entry.request.runtime));
      }
      // Takes the first place with a free instance, or with room for a new one.
      for (const [index, kind] of places.entries()) {
        const free = this.#capacity.freeOf(kind);
        if (free === undefined && !this.#capacity.mayStart(kind)) continue;
        queue.take(entry);
        void (free === undefined
          ? this.#startFor(entry, kind, places.slice(index + 1))
          : this.#reuse(entry, free));
        break;
      }
    }
    queue.tellPlaces(Date.now());
    if (queue.waiting().length === 0) this.#spares.fill();
  }

  /** Serves a claim with an existing instance, unless it would see a file that is hidden now. */
  async #reuse(entry: WaitingClaim, instance: Instance): Promise<void> {
    instance.isReserved = true;
    const mustGo = await isOutdated(instance, this.#hidden).catch((error: unknown) => {
      this.#options.log("warn", "what an instance may see could not be checked", { error: String(error) });
      return true;
    });
    instance.isReserved = false;
    if (mustGo) {
      await instance
        .stop({ actor: "pool", cause: "new files in the workspace must stay hidden from it" })
        .catch((error: unknown) => {
          this.#options.log("error", "an instance could not be stopped", { error: String(error) });
        });
      if (entry.isOpen()) await this.#startFor(entry, instance.kind, []);
    } else if (instance.isFree) {
      entry.request.onStarted?.();
      await this.#hand(entry, instance);
    } else {
      // Somebody has paused or ended the instance in the meantime.
      if (entry.isOpen()) this.#queue.putBack(entry);
      this.#pump();
    }
  }

  async #hand(entry: WaitingClaim, instance: Instance): Promise<void> {
    const { request } = entry;
    const since = performance.now();
    try {
      const claimed = await instance.assign(request);
      void instance.whenReleased().then(() => {
        this.#demand.served(instance.kind, (performance.now() - since) / 1000);
        this.#places.pump();
      });
      if (request.signal.aborted) await claimed.release();
      else entry.resolve(claimed);
    } catch (error) {
      entry.reject(error);
    }
  }

  /** @param next the kinds that may serve the claim if the runtime of `kind` cannot be reached. */
  async #startFor(entry: WaitingClaim, kind: InstanceKind, next: readonly InstanceKind[]): Promise<void> {
    const { request } = entry;
    try {
      const cause = { actor: "pool", cause: `for ${request.agent.name}` };
      const instance = await this.#starter.start(kind, request.agent, cause, request.onStarted);
      this.#warnUnconfined(request, instance);
      if (entry.isOpen() && instance.isFree) await this.#hand(entry, instance);
      else if (entry.isOpen()) this.#queue.putBack(entry);
    } catch (error) {
      const engineIsGone = error instanceof CoditectError && engineErrors.has(error.code);
      const [other, ...rest] = this.#insteadOf(kind, next);
      if (engineIsGone && other !== undefined) {
        const where = other.runtime === "Local" ? "in a process on this machine" : `on ${other.runtime}`;
        this.#notice(request, "fallback", `${error.message} The work continues ${where}.`);
        await this.#startFor(entry, other, rest);
        return;
      }
      entry.reject(error);
    }
    this.#places.pump();
  }

  /** The kinds to try if a runtime cannot be reached: the next ones of the claim, or this machine. */
  #insteadOf(kind: InstanceKind, next: readonly InstanceKind[]): readonly InstanceKind[] {
    if (next.length > 0) return next;
    const mayFallBack = this.#options.settings.fall_back_to_local && kind.runtime !== "Local";
    return mayFallBack ? [{ ...kind, runtime: "Local", image: null }] : [];
  }

  #warnUnconfined(request: ClaimRequest, instance: Instance): void {
    const reason = instance.worker?.unconfinedReason ?? null;
    if (reason === null) return;
    this.#notice(request, "unconfined", unconfinedText(reason));
    this.#options.log("warn", unconfinedText(reason));
  }

  /** If a driver cannot remove something, the next runtime of this state folder removes it. */
  async #closeDriver(driver: Driver): Promise<void> {
    await driver.close?.().catch((error: unknown) => {
      this.#options.log("warn", "the resources of instances could not be removed", { error: String(error) });
    });
  }

  #notice(request: ClaimRequest, code: string, message: string): void {
    const at = new Date().toISOString();
    this.#options.emit({ type: "notice", at, task_id: request.task_id, code, message });
  }

  async #clearUp(): Promise<void> {
    const lost = await recordLost(this.#options.store, this.#records);
    // Only the engines of lost instances are asked, because loading the client of an engine takes long.
    for (const runtime of new Set(lost.map(({ metadata }) => metadata.runtime_type))) {
      await this.#options.drivers[runtime]?.removeOrphans();
    }
    if (lost.length > 0) await removeDeadSockets();
  }
}
