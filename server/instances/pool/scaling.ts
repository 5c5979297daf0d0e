import type { PoolSize } from "../settings.ts";
import { usuallyAtMost, type ArrivalForecast } from "./arrivals.ts";

/** What is known about the demand for one kind of instance. */
export interface Demand {
  queued: number;
  working: number;
  arrivals: ArrivalForecast;
  /** Mean time from claim to release; 0 if none has ended yet. */
  meanSeconds: number;
  /** Mean time that one takes to start; 0 if none has started yet. */
  startSeconds: number;
}

/**
 * How many instances there should be, between minimum and maximum. Those working or waited for, and as many
 * more as are usually asked for while a new one starts; or what Little's law (arrival rate × time in
 * service) expects at once; plus the spares that the settings hold ready.
 */
export const desiredInstances = (size: PoolSize, demand: Demand, now: number): number => {
  const { queued, working, arrivals, meanSeconds, startSeconds } = demand;
  const soon = usuallyAtMost(arrivals.expected(startSeconds, now));
  const atOnce = Math.round(arrivals.expected(meanSeconds, now));
  const needed = Math.max(working + queued + soon, atOnce);
  return Math.min(size.maximum, Math.max(size.minimum, needed + size.target));
};
