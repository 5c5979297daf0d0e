import type { PoolSize } from "../settings.ts";
import { usuallyAtMost, type ArrivalForecast } from "./arrivals.ts";

/** The demand for one kind of instance. */
export interface Demand {
  queued: number;
  working: number;
  arrivals: ArrivalForecast;
  /** The mean time from claim to release; 0 if no claim has ended yet. */
  meanSeconds: number;
  /** The mean time that an instance takes to start; 0 if none has started yet. */
  startSeconds: number;
}

/**
 * How many instances there should be, between minimum and maximum. The base is the larger of two numbers: the
 * instances that work or are waited for plus the claims that usually arrive while a new one starts, and the
 * number that Little's law (arrival rate × time in service) expects. The spares of the settings are added.
 */
export const desiredInstances = (size: PoolSize, demand: Demand, now: number): number => {
  const { queued, working, arrivals, meanSeconds, startSeconds } = demand;
  const soon = usuallyAtMost(arrivals.expected(startSeconds, now));
  const atOnce = Math.round(arrivals.expected(meanSeconds, now));
  const needed = Math.max(working + queued + soon, atOnce);
  return Math.min(size.maximum, Math.max(size.minimum, needed + size.target));
};
