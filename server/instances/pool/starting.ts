import type { AgentConfig } from "../../../schemas/agent.ts";
import { fail } from "../../../schemas/errors.ts";
import type { Instance, InstanceKind } from "../instance/instance.ts";
import { watchInstance } from "../instance/health.ts";
import { bringUp, provision } from "../instance/start-instance.ts";
import type { StartContext } from "../instance/start-instance.ts";
import type { Capacity } from "./capacity.ts";
import type { DemandBook } from "./demand.ts";
import type { Roster } from "./roster.ts";

/** Who requested a start, and why. The instance's record contains both. */
export interface StartCause {
  actor: string;
  cause: string;
}

interface StarterParts {
  context: StartContext;
  roster: Roster;
  capacity: Capacity;
  demand: DemandBook;
  onTrouble: (error: unknown) => void;
}

/** Starts instances. If there is no room, it ends an idle instance first. */
export class InstanceStarter {
  readonly #starts = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  readonly #parts: StarterParts;

  constructor(parts: StarterParts) {
    this.#parts = parts;
  }

  /** Resolves when the instance is Idle. Errors: those of the driver, `cancelled` when the pool closes. */
  start(
    kind: InstanceKind,
    agent: AgentConfig,
    cause: StartCause,
    onStarted: () => void = () => undefined,
  ): Promise<Instance> {
    const starting = this.#start(kind, agent, cause, onStarted);
    this.#starts.add(starting);
    void starting.catch(() => undefined).finally(() => this.#starts.delete(starting));
    return starting;
  }

  /** Cancels every start. Call {@link settled} after the live instances have ended. */
  close(): void {
    this.#closing.abort();
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#starts);
  }

  async #start(
    kind: InstanceKind,
    agent: AgentConfig,
    cause: StartCause,
    onStarted: () => void,
  ): Promise<Instance> {
    const { roster, context, demand, onTrouble } = this.#parts;
    const { signal } = this.#closing;
    if (signal.aborted) throw fail("cancelled", { what: "Starting an instance" });
    // Making room counts the instances, so it must come before this start is counted.
    const room = this.#makeRoom(kind, agent);
    roster.coming.push(kind);
    let instance: Instance;
    try {
      await room;
      instance = await provision(context, agent, kind, cause.actor);
      roster.live.add(instance);
    } finally {
      roster.coming.splice(roster.coming.indexOf(kind), 1);
    }
    const since = performance.now();
    await bringUp(context, instance, cause, { signal, onStarted });
    demand.started(kind, (performance.now() - since) / 1000);
    watchInstance(instance, context.settings, onTrouble);
    return instance;
  }

  /** Ends an idle instance to free its place or its private copy, which then only needs to be refreshed. */
  async #makeRoom(kind: InstanceKind, agent: AgentConfig): Promise<void> {
    const { context, roster, capacity, demand } = this.#parts;
    const { slots } = context;
    const isNeeded = capacity.isFull(kind);
    const isColder = roster.live.size > 0 && !slots.hasWarm(kind.workspace, kind.runtime);
    const idle = isNeeded || isColder ? capacity.toEnd(kind) : null;
    const holdsCopy = idle?.kind.workspace === kind.workspace && idle.kind.runtime === kind.runtime;
    if (idle === null || (!isNeeded && !holdsCopy)) return;
    demand.gaveWay(idle.kind, Date.now());
    await idle.stop({ actor: "pool", cause: `its place is needed for ${agent.name}` });
    await slots.settled();
  }
}
