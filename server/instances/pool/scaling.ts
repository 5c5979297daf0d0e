import type { PoolSize } from "../settings.ts";

/** What is known about the demand for one kind of instance. */
export interface Demand {
  queued: number;
  working: number;
  /** Times of the latest claims, in milliseconds, oldest first. */
  arrivals: readonly number[];
  /** Mean time from claim to release; 0 if none has ended yet. */
  mean_seconds: number;
}

/** Claims older than this say nothing about what comes next. */
export const ARRIVAL_WINDOW_MS = 60_000;

/**
 * How many instances there should be: those at work or waited for, or what Little's law (arrival
 * rate × time in service) expects at once, plus the spares to hold ready; between minimum and
 * maximum.
 */
export const desiredInstances = (size: PoolSize, demand: Demand, now: number): number => {
  const recent = demand.arrivals.filter((at) => now - at <= ARRIVAL_WINDOW_MS);
  const perSecond = recent.length / (ARRIVAL_WINDOW_MS / 1000);
  // One claim is no rate yet.
  const expected = recent.length < 2 ? 0 : Math.ceil(perSecond * demand.mean_seconds);
  const needed = Math.max(demand.working + demand.queued, expected);
  return Math.min(size.maximum, Math.max(size.minimum, needed + size.target));
};
