import { setTimeout as sleep } from "node:timers/promises";
import { untilAborted } from "../../schemas/abortable.ts";
import { fail } from "../../schemas/errors.ts";

/** Time as the gateway sees it; tests pass their own. */
export interface Clock {
  /** Milliseconds since 1970, for the current day. It can be set back. */
  now(): number;
  /** Milliseconds since some moment; it never goes back. Durations and pauses are measured with it. */
  elapsed(): number;
  /** Resolves after that many milliseconds; rejects at once with `cancelled` when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The day (UTC) of a moment, as usage is summed by: `2026-01-31`. */
export const dayOf = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

export const cancelled = (): Error => fail("cancelled", { what: "The model call" });

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  wait: async (ms, signal) => {
    try {
      await sleep(ms, undefined, { signal });
    } catch {
      throw cancelled();
    }
  },
};

/** Settles like `promise`, or rejects at once with `cancelled` when the signal aborts. */
export const orAborted = <Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> =>
  untilAborted(promise, signal, cancelled);

/** Longest wait for a provider. */
export const LONGEST_WAIT_MS = 60_000;
const FIRST_WAIT_MS = 500;

/**
 * How long to wait before attempt number `retry` + 1 (from 1): as long as the provider asked for, or
 * else doubling with full jitter, so that calls that failed together do not return together.
 */
export const backOff = (retry: number, askedMs: number | null, random: () => number): number =>
  askedMs === null
    ? Math.round(random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retry))
    : Math.min(LONGEST_WAIT_MS, Math.ceil(askedMs));
