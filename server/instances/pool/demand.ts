import type { AgentConfig } from "../../../schemas/agent.ts";
import type { InstanceKind } from "../instance/instance.ts";
import { ArrivalForecast } from "./arrivals.ts";
import { desiredInstances } from "./scaling.ts";
import type { PoolSize } from "../settings.ts";

/** The weight of the newest value in a running mean. */
const NEWEST = 0.3;
const LONGEST_BACKOFF_MS = 60_000;
/** How long a kind that gave way gets no spare. Otherwise two kinds would replace each other in turn. */
const GAVE_WAY_MS = 10_000;

/** The demand for one kind of instance, and the results of its starts. */
export interface KindDemand {
  readonly kind: InstanceKind;
  agent: AgentConfig;
  readonly arrivals: ArrivalForecast;
  meanSeconds: number;
  startSeconds: number;
  failures: number;
  /** No spare starts before this time, in milliseconds. */
  notBefore: number;
}

/** Remembers the demand for each kind of instance. */
export interface DemandBook {
  of(kind: InstanceKind, agent: AgentConfig): KindDemand;
  all(): KindDemand[];
  arrived(demand: KindDemand, now: number): void;
  served(kind: InstanceKind, seconds: number): void;
  /** Call this when an instance of the kind is ready, with the seconds that it took. */
  started(kind: InstanceKind, seconds: number): void;
  /** Call this when a spare did not start. The next attempt waits twice as long each time. */
  failed(demand: KindDemand, now: number): void;
  /** Call this when an instance of the kind ended to make room for another. Its spares then wait. */
  gaveWay(kind: InstanceKind, now: number): void;
  desired(demand: KindDemand, counts: { queued: number; working: number }, now: number): number;
}

const keyOf = (kind: InstanceKind): string =>
  JSON.stringify([kind.agent_id, kind.workspace, kind.runtime, kind.image, kind.asks, kind.memory_mb]);

/** Whether an instance of this kind can serve claims of the wanted kind. */
export const canServe = (kind: InstanceKind, wanted: InstanceKind): boolean =>
  kind.agent_id === wanted.agent_id &&
  kind.workspace === wanted.workspace &&
  kind.runtime === wanted.runtime &&
  kind.image === wanted.image &&
  kind.memory_mb === wanted.memory_mb &&
  (kind.asks || !wanted.asks);

const runningMean = (before: number, newest: number): number =>
  before === 0 ? newest : before * (1 - NEWEST) + newest * NEWEST;

export const createDemandBook = (sizeOf: (kind: InstanceKind) => PoolSize): DemandBook => {
  const book = new Map<string, KindDemand>();
  return {
    of: (kind, agent) => {
      const key = keyOf(kind);
      const known = book.get(key);
      if (known !== undefined) {
        known.agent = agent;
        return known;
      }
      const fresh: KindDemand = {
        ...{ kind, agent, arrivals: new ArrivalForecast() },
        ...{ meanSeconds: 0, startSeconds: 0, failures: 0, notBefore: 0 },
      };
      book.set(key, fresh);
      return fresh;
    },
    all: () => [...book.values()],
    arrived: (demand, now) => {
      demand.arrivals.add(now);
    },
    served: (kind, seconds) => {
      const demand = book.get(keyOf(kind));
      if (demand === undefined) return;
      demand.meanSeconds = runningMean(demand.meanSeconds, seconds);
      demand.failures = 0;
    },
    started: (kind, seconds) => {
      const demand = book.get(keyOf(kind));
      if (demand !== undefined) demand.startSeconds = runningMean(demand.startSeconds, seconds);
    },
    failed: (demand, now) => {
      demand.failures += 1;
      demand.notBefore = now + Math.min(LONGEST_BACKOFF_MS, 500 * 2 ** demand.failures);
    },
    gaveWay: (kind, now) => {
      const demand = book.get(keyOf(kind));
      if (demand !== undefined) demand.notBefore = Math.max(demand.notBefore, now + GAVE_WAY_MS);
    },
    desired: (demand, counts, now) => desiredInstances(sizeOf(demand.kind), { ...demand, ...counts }, now),
  };
};
