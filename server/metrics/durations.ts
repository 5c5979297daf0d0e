import type { Durations } from "../../schemas/metrics.ts";

/** Each bucket ends a tenth above the one before: percentiles are right to that. */
const FACTOR = 1.1;
/** What is shorter counts as this: a logarithm of nothing is none. */
const SHORTEST_SECONDS = 0.001;

/** A sum that a record can store, even if somebody wrote very large numbers into the state by hand. */
export const plus = (one: number, other: number): number => Math.min(one + other, Number.MAX_SAFE_INTEGER);

export const noDurations = (): Durations => ({ count: 0, sum_seconds: 0, buckets: {} });

export const oneDuration = (seconds: number): Durations => {
  const bucket = Math.ceil(Math.log(Math.max(SHORTEST_SECONDS, seconds)) / Math.log(FACTOR));
  return { count: 1, sum_seconds: Math.max(0, seconds), buckets: { [String(bucket)]: 1 } };
};

export const addDurations = (one: Durations, other: Durations): Durations => {
  const buckets = { ...one.buckets };
  for (const [bucket, count] of Object.entries(other.buckets))
    buckets[bucket] = plus(buckets[bucket] ?? 0, count);
  return { count: plus(one.count, other.count), sum_seconds: one.sum_seconds + other.sum_seconds, buckets };
};

/** Seconds that this share of the values does not exceed; `null`: there are no values. */
export const quantile = ({ count, buckets }: Durations, share: number): number | null => {
  if (count === 0) return null;
  let left = Math.ceil(count * share);
  const sorted = Object.entries(buckets)
    .map(([bucket, counted]) => ({ bucket: Number(bucket), counted }))
    .sort((one, two) => one.bucket - two.bucket);
  for (const { bucket, counted } of sorted) {
    left -= counted;
    // The middle of the bucket, as ratios go.
    if (left <= 0) return FACTOR ** (bucket - 0.5);
  }
  return null;
};
