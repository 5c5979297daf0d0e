import { z } from "zod";
import { ActiveState, type AgentInstance } from "../../schemas/instance.ts";
import type { DailyMetrics, InstanceSeconds } from "../../schemas/metrics.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import type { Transaction } from "../store/store.ts";
import { plus } from "./durations.ts";
import { wholeMetrics } from "./record.ts";

const DAY_MS = 86_400_000;
const SECONDS_PER_HOUR = 3600;
/** If a state seems to last longer, the clock was changed: earlier days are not counted. */
const MOST_DAYS = 31;

/** The seconds between two times (milliseconds) on each day (UTC); none if the clock was set back. */
export const secondsByDay = (from: number, until: number): [day: string, seconds: number][] => {
  const days: [string, number][] = [];
  for (let start = Math.max(from, until - MOST_DAYS * DAY_MS); start < until;) {
    const end = Math.min(until, (Math.floor(start / DAY_MS) + 1) * DAY_MS);
    days.push([new Date(start).toISOString().slice(0, 10), (end - start) / 1000]);
    start = end;
  }
  return days;
};

export const addInstanceSeconds = (one: InstanceSeconds, other: InstanceSeconds): InstanceSeconds => {
  const sums = { ...one };
  for (const state of ActiveState.options) {
    const more = other[state];
    if (more !== undefined) sums[state] = (sums[state] ?? 0) + more;
  }
  return sums;
};

const Priced = z.object({ estimated_dollars_per_hour: z.number().nonnegative() });

/** The estimated price of an instance in microcents per second; 0: it is free, or its price is unknown. */
const priceOf = ({ metadata }: AgentInstance): number => {
  const dollarsPerHour = Priced.safeParse(metadata.provider_metadata).data?.estimated_dollars_per_hour ?? 0;
  return (dollarsPerHour / SECONDS_PER_HOUR) * MICROCENTS_PER_DOLLAR;
};

/**
 * Adds the time that an instance spent in a state, and the cost of that time, to the sums of the days. Part
 * of the commit that ends the state. Takes the price from `after` first, because an instance has a price only
 * once it has started.
 */
export const recordInstanceTime = (
  transaction: Transaction,
  before: AgentInstance,
  after: AgentInstance,
  until: Timestamp,
): void => {
  const state = ActiveState.safeParse(before.state).data;
  if (state === undefined) return;
  const { tenant_id } = before;
  const price = state === "Provisioning" ? 0 : priceOf(after);
  for (const [day, seconds] of secondsByDay(Date.parse(before.updated_at), Date.parse(until))) {
    const known = wholeMetrics(tenant_id, day, transaction.get("dailyMetrics", day));
    if (known === null) continue;
    const sums: DailyMetrics = {
      ...known,
      instance_seconds: addInstanceSeconds(known.instance_seconds, { [state]: seconds }),
      instance_cost_microcents: plus(known.instance_cost_microcents, Math.round(seconds * price)),
    };
    transaction.put("dailyMetrics", sums);
  }
};
