import type { AgentConfig } from "../../../schemas/agent.ts";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { Log } from "../../platform/log.ts";
import { shouldTerminateForInactivity } from "../../models/instance.ts";
import type { Store } from "../../store/store.ts";
import { createCapacity } from "./capacity.ts";
import { createDemandBook, isSameKind } from "./demand.ts";
import type { KindDemand } from "./demand.ts";
import type { Driver } from "../drivers/driver.ts";
import { removeDeadSockets } from "../drivers/egress/sockets.ts";
import { watchInstance } from "../instance/health.ts";
import { createHiddenFinder } from "../drivers/hidden.ts";
import type { Instance, InstanceKind } from "../instance/instance.ts";
import type { ClaimRequest, Pool } from "../pool.ts";
import { createClaimQueue } from "./queue.ts";
import type { WaitingClaim } from "./queue.ts";
import { createRecords, recordLost } from "../instance/records.ts";
import type { PoolSettings, PoolSize } from "../settings.ts";
import { setInstanceState } from "../instance/set-state.ts";
import { createSlots, removeOldCopies } from "../slots.ts";
import { bringUp, provision } from "../instance/start-instance.ts";
import type { StartContext } from "../instance/start-instance.ts";
import { every } from "../instance/watch.ts";

export interface PoolOptions {
  store: Store;
  /** Workspace of the spares that are started by hand or ahead of need. */
  workspace: string;
  drivers: Readonly<Partial<Record<"Local" | "Docker", Driver>>>;
  /** Cache folder of the operating system in which the private copies live. */
  copiesFolder: string;
  settings: PoolSettings;
  emit: (event: RuntimeEvent) => void;
  log: Log;
}

/** Looking through the copies of all workspaces must not hold up what the runtime was opened for. */
const TIDY_AFTER_MS = 1000;

/** Errors after which a claim may be served by a process of this machine, if the setting allows. */
const engineErrors: ReadonlySet<string> = new Set(["engine_unavailable", "image_missing"]);

const kindOf = (request: ClaimRequest): InstanceKind => ({
  agent_id: request.agent.agent_id,
  agent_type: request.agent.agent_type,
  workspace: request.workspace,
  runtime: request.runtime,
  image: request.runtime === "Docker" ? request.image : null,
});

/** What it means, wherever it is said: whoever reads it must not have to know what a sandbox is. */
const unconfinedText = (reason: string): string =>
  `Commands of agents run without a sandbox: ${reason}. ` +
  "They can read and change every file that you can, read your programs' environment, and use the network.";

/** The instances of one runtime. Instances a killed runtime left in the store become Failed at once. */
export const createPool = (options: PoolOptions): Pool => {
  const { store, settings, log, emit } = options;
  const records = createRecords(store, emit);
  const slots = createSlots(options.copiesFolder, store.folder, settings.copies);
  const live = new Set<Instance>();
  /** Kinds whose instance is being made but not on record yet. */
  const coming: InstanceKind[] = [];
  const starts = new Set<Promise<unknown>>();
  const closing = new AbortController();

  const sizeOf = (kind: InstanceKind): PoolSize => settings.sizes[kind.agent_type] ?? settings.sizes.other;
  const capacity = createCapacity(live, coming, settings.maximum, sizeOf);
  const demand = createDemandBook(sizeOf);
  const queue = createClaimQueue(settings.queue, () => workingByTask());
  const trouble = (error: unknown): void => {
    log("error", "an instance could not be looked after", { error: String(error) });
  };

  const context: StartContext = {
    store,
    records,
    settings,
    slots,
    drivers: options.drivers,
    log,
    hidden: createHiddenFinder(),
    onEnded: (instance) => {
      live.delete(instance);
      void slots.give(instance.slot, true).catch(trouble).then(pump);
    },
  };

  const workingByTask = (): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { claim } of live) {
      if (claim !== null) counts.set(claim.task_id, (counts.get(claim.task_id) ?? 0) + 1);
    }
    return counts;
  };
  /** Makes room and a private copy ready to be refreshed: both may be held by an idle instance. */
  const makeRoom = async (kind: InstanceKind, agent: AgentConfig): Promise<void> => {
    const isNeeded = capacity.isFull(kind);
    const isColder = live.size > 0 && !slots.hasWarm(kind.workspace, kind.runtime);
    const idle = isNeeded || isColder ? capacity.toEnd(kind) : null;
    const holdsCopy = idle?.kind.workspace === kind.workspace && idle.kind.runtime === kind.runtime;
    if (idle === null || (!isNeeded && !holdsCopy)) return;
    demand.gaveWay(idle.kind, Date.now());
    await idle.stop({ actor: "pool", cause: `its place is needed for ${agent.name}` });
    await slots.settled();
  };

  const startInstance = async (
    kind: InstanceKind,
    agent: AgentConfig,
    cause: { actor: string; cause: string },
    onStarted: () => void = () => undefined,
  ) => {
    if (closing.signal.aborted) throw fail("cancelled", { what: "Starting an instance" });
    const room = makeRoom(kind, agent);
    coming.push(kind);
    let instance: Instance;
    try {
      await room;
      instance = await provision(context, agent, kind, cause.actor);
      live.add(instance);
    } finally {
      coming.splice(coming.indexOf(kind), 1);
    }
    await bringUp(context, instance, cause, { signal: closing.signal, onStarted });
    watchInstance(instance, settings, trouble);
    return instance;
  };
  const start: typeof startInstance = (...args) => {
    const starting = startInstance(...args);
    starts.add(starting);
    void starting.catch(() => undefined).finally(() => starts.delete(starting));
    return starting;
  };

  const hand = async (entry: WaitingClaim, instance: Instance): Promise<void> => {
    const { request } = entry;
    const since = performance.now();
    try {
      const claimed = await instance.assign(request);
      void instance.whenReleased().then(() => {
        demand.served(instance.kind, (performance.now() - since) / 1000);
        pump();
      });
      if (request.signal.aborted) await claimed.release();
      else entry.resolve(claimed);
    } catch (error) {
      entry.reject(error);
    }
  };

  const notice = (request: ClaimRequest, code: string, message: string): void => {
    emit({ type: "notice", at: new Date().toISOString(), task_id: request.task_id, code, message });
  };

  const startFor = async (entry: WaitingClaim, kind: InstanceKind): Promise<void> => {
    const { request } = entry;
    try {
      const cause = { actor: "pool", cause: `for ${request.agent.name}` };
      const instance = await start(kind, request.agent, cause, request.onStarted);
      const reason = instance.worker?.unconfinedReason ?? null;
      if (reason !== null) {
        notice(request, "unconfined", unconfinedText(reason));
        log("warn", unconfinedText(reason));
      }
      if (entry.isOpen() && instance.isFree) await hand(entry, instance);
      else if (entry.isOpen()) queue.putBack(entry);
    } catch (error) {
      const engineIsGone = error instanceof CoditectError && engineErrors.has(error.code);
      if (engineIsGone && settings.fall_back_to_local && kind.runtime === "Docker") {
        notice(request, "fallback", `${error.message} The work goes on in a process of this machine.`);
        await startFor(entry, { ...kind, runtime: "Local", image: null });
        return;
      }
      entry.reject(error);
    }
    pump();
  };

  /** Serves whoever can be served, in fair order; someone whose kind is at its cap holds up nobody. */
  const pump = (): void => {
    if (closing.signal.aborted) return;
    for (const entry of queue.inOrder(Date.now())) {
      const kind = kindOf(entry.request);
      const free = capacity.ofKind(kind).find((one) => one.isFree);
      if (free !== undefined) {
        queue.take(entry);
        entry.request.onStarted?.();
        void hand(entry, free);
      } else if (capacity.mayStart(kind)) {
        queue.take(entry);
        void startFor(entry, kind);
      }
    }
    queue.tellPlaces(Date.now());
    for (const known of demand.all()) scale(known);
  };

  const desired = (known: KindDemand): number => {
    const working = capacity.ofKind(known.kind).filter((one) => one.claim !== null).length;
    const queued = queue.waiting().filter((entry) => isSameKind(kindOf(entry.request), known.kind)).length;
    return demand.desired(known, { queued, working }, Date.now());
  };

  /** Starts the spares a kind should have; the queue is served first. */
  const scale = (known: KindDemand): void => {
    if (Date.now() < known.notBefore || queue.waiting().length > 0) return;
    const { kind } = known;
    for (let missing = desired(known) - capacity.count(kind); missing > 0; missing -= 1) {
      if (capacity.isFull(kind)) return;
      void start(kind, known.agent, { actor: "pool", cause: "warmed ahead of need" }).then(
        pump,
        (error: unknown) => {
          demand.failed(known, Date.now());
          trouble(error);
        },
      );
    }
  };

  const endIdle = async (): Promise<void> => {
    const now = new Date().toISOString();
    const idle = [...live].filter(
      (one) => one.isFree && shouldTerminateForInactivity(one.record, settings.idle_minutes, now),
    );
    for (const instance of idle) {
      const known = demand.all().find((one) => isSameKind(one.kind, instance.kind));
      const keep = known === undefined ? 0 : desired(known);
      if (capacity.ready(instance.kind) <= keep || !instance.isFree) continue;
      await instance.stop({ actor: "pool", cause: `idle for ${settings.idle_minutes} minutes` });
    }
  };
  const stopTicking = every(Math.min(30_000, settings.idle_minutes * 15_000), async () => {
    await endIdle().catch(trouble);
    pump();
  });

  const clearUp = async (): Promise<void> => {
    const lost = await recordLost(store, records);
    // An engine is asked only if there can be something: its client takes long to load.
    for (const runtime of new Set(lost.map(({ metadata }) => metadata.runtime_type))) {
      if (runtime === "Local" || runtime === "Docker") await options.drivers[runtime]?.removeOrphans();
    }
    if (lost.length > 0) await removeDeadSockets();
  };
  clearUp().catch(trouble);
  const tidying = setTimeout(() => {
    void removeOldCopies(options.copiesFolder, settings.copy_days, Date.now()).catch(trouble);
  }, TIDY_AFTER_MS).unref();

  return {
    admit: async (runtime) => {
      await options.drivers[runtime]?.admit?.();
    },
    claim: (request) => {
      if (closing.signal.aborted) return Promise.reject(fail("cancelled", { what: "The claim" }));
      demand.arrived(demand.of(kindOf(request), request.agent), Date.now());
      const claimed = queue.add(request, Date.now());
      pump();
      return claimed;
    },
    create: async (agent, runtime, actor) => {
      const { agent_id, agent_type } = agent;
      const kind = { agent_id, agent_type, runtime, image: null, workspace: options.workspace };
      if (!capacity.mayStart(kind)) throw fail("pool_full", { count: live.size + coming.length });
      const instance = await start(kind, agent, { actor, cause: "asked for" });
      pump();
      return instance.record;
    },
    setState: async (id, state, actor, cause) => {
      const record = await setInstanceState({ store, records }, live, id, state, { actor, cause });
      pump();
      return record;
    },
    terminate: (id, actor, cause) =>
      setInstanceState({ store, records }, live, id, "Terminated", { actor, cause }),
    queued: () => queue.waiting().length,
    close: async () => {
      closing.abort();
      stopTicking();
      clearTimeout(tidying);
      queue.close();
      const cause = { actor: "runtime", cause: "the runtime stops" };
      await Promise.all([...live].map((instance) => instance.stop(cause)));
      await Promise.allSettled(starts);
      await slots.settled();
    },
  };
};
