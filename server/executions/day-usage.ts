import { DailyUsage } from "../../schemas/run.ts";

/** What one or more calls used on a day. */
export interface Spending {
  agent_id: string;
  tokens: number;
  /** null: the price of the model is unknown. */
  cost_microcents: number | null;
  /** The cost that counts if the real one is unknown. */
  assumed_microcents: number;
}

/** The stored usage of a day. Without a record, nothing was used. */
export const wholeDay = (tenant_id: string, day: string, stored: DailyUsage | null): DailyUsage =>
  // Parsed, because a day that an older version stored lacks what was added since.
  DailyUsage.parse(stored ?? { tenant_id, day, tokens: 0, cost_microcents: 0, api_calls: 0 });

/** The usage of a day with one call. */
export const dayOfCall = (tenant_id: string, day: string, spending: Spending): DailyUsage => {
  const { agent_id, tokens, cost_microcents, assumed_microcents } = spending;
  const isKnown = cost_microcents !== null;
  return {
    tenant_id,
    day,
    tokens,
    cost_microcents: cost_microcents ?? 0,
    assumed_microcents: isKnown ? 0 : assumed_microcents,
    api_calls: 1,
    unpriced_calls: isKnown ? 0 : 1,
    by_agent: { [agent_id]: { tokens, cost_microcents: cost_microcents ?? assumed_microcents } },
  };
};

/** The sum of two parts of a day. */
export const addDays = (one: DailyUsage, other: DailyUsage): DailyUsage => {
  const by_agent = { ...one.by_agent };
  for (const [agentId, { tokens, cost_microcents }] of Object.entries(other.by_agent)) {
    const known = by_agent[agentId] ?? { tokens: 0, cost_microcents: 0 };
    by_agent[agentId] = {
      tokens: known.tokens + tokens,
      cost_microcents: known.cost_microcents + cost_microcents,
    };
  }
  return {
    ...one,
    tokens: one.tokens + other.tokens,
    cost_microcents: one.cost_microcents + other.cost_microcents,
    assumed_microcents: one.assumed_microcents + other.assumed_microcents,
    api_calls: one.api_calls + other.api_calls,
    unpriced_calls: one.unpriced_calls + other.unpriced_calls,
    by_agent,
  };
};
