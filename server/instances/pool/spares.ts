import { shouldTerminateForInactivity } from "../../models/instance.ts";
import type { InstanceKind } from "../instance/instance.ts";
import type { PoolSettings } from "../settings.ts";
import type { Capacity } from "./capacity.ts";
import { canServe } from "./demand.ts";
import type { DemandBook, KindDemand } from "./demand.ts";
import type { Roster } from "./roster.ts";
import type { InstanceStarter } from "./starting.ts";

/** What {@link Spares} needs. */
export interface SpareParts {
  settings: PoolSettings;
  roster: Roster;
  capacity: Capacity;
  demand: DemandBook;
  starter: InstanceStarter;
  /** The number of claims of a kind that wait for an instance. */
  waiting: (kind: InstanceKind) => number;
  onReady: () => void;
  onTrouble: (error: unknown) => void;
}

/** Keeps as many idle instances of each kind as its demand requires, and ends the others. */
export class Spares {
  readonly #parts: SpareParts;

  constructor(parts: SpareParts) {
    this.#parts = parts;
  }

  /** Starts missing spares. Call it only when no claim waits, because claims come first. */
  fill(): void {
    for (const known of this.#parts.demand.all()) this.#fill(known);
  }

  /** Ends instances that were idle for longer than the settings allow and are not needed as spares. */
  async endIdle(): Promise<void> {
    const { settings, roster, capacity, demand } = this.#parts;
    const now = new Date().toISOString();
    const idle = [...roster.live].filter(
      (one) => one.isFree && shouldTerminateForInactivity(one.record, settings.idle_minutes, now),
    );
    for (const instance of idle) {
      const known = demand.all().find((one) => canServe(instance.kind, one.kind));
      const keep = known === undefined ? 0 : this.#desired(known);
      if (capacity.ready(instance.kind) <= keep || !instance.isFree) continue;
      await instance.stop({ actor: "pool", cause: `idle for ${settings.idle_minutes} minutes` });
    }
  }

  #desired(known: KindDemand): number {
    const { capacity, demand, waiting } = this.#parts;
    const working = capacity.working(known.kind);
    return demand.desired(known, { queued: waiting(known.kind), working }, Date.now());
  }

  #fill(known: KindDemand): void {
    const { capacity, demand, starter, onReady, onTrouble } = this.#parts;
    if (Date.now() < known.notBefore) return;
    const { kind } = known;
    for (let missing = this.#desired(known) - capacity.count(kind); missing > 0; missing -= 1) {
      if (capacity.isFull(kind)) return;
      const cause = { actor: "pool", cause: "warmed ahead of need" };
      void starter.start(kind, known.agent, cause).then(onReady, (error: unknown) => {
        demand.failed(known, Date.now());
        onTrouble(error);
      });
    }
  }
}
