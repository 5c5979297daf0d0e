import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import { DailyUsage } from "../../schemas/run.ts";
import { estimateCost } from "../models/agent.ts";
import type { UsageLedger } from "../gateway/gateway.ts";
import { totalTokens as tokensOf } from "../gateway/tokens.ts";
import type { Store } from "../store/store.ts";
import { totalTokens } from "../models/execution.ts";

interface Used {
  tokens: number;
  cost_microcents: number;
}

const nothing: Used = { tokens: 0, cost_microcents: 0 };

/** What the tenant used on a day (UTC, `2026-01-31`). */
export const usageOn = (store: Store, day: string): DailyUsage =>
  // Parsed, because a day that an older version stored lacks what was added since.
  DailyUsage.parse(
    store.get("dailyUsage", day) ?? { tenant_id: store.tenantId, day, api_calls: 0, ...nothing },
  );

/** What the caps count for an execution that ran before: its cost, or what is assumed for its tokens. */
const usedBefore = (store: Store, id: string): Used => {
  const execution = store.get("executions", id);
  if (execution === null) return { tokens: 0, cost_microcents: 0 };
  const { resource_usage: usage, metadata } = execution;
  const tokens = totalTokens(usage);
  const agent = usage.cost === null ? store.get("agents", metadata.agent_id) : null;
  const dollars = usage.cost ?? (agent === null ? 0 : estimateCost(agent, tokens) / 100);
  return { tokens, cost_microcents: Math.round(dollars * MICROCENTS_PER_DOLLAR) };
};

/**
 * What the gateway checks caps against. The sum of the day is stored with each call; those of
 * executions and runs are kept here while they run, and read from the store when one is resumed.
 */
export const createLedger = (store: Store): UsageLedger => {
  const executions = new Map<string, Used>();
  const runs = new Map<string, Used>();

  const ofExecution = (id: string): Used => {
    const known = executions.get(id);
    if (known !== undefined) return known;
    const used = usedBefore(store, id);
    executions.set(id, used);
    return used;
  };

  const ofRun = (taskId: string, agentId: string | null): Used => {
    const key = `${taskId} ${agentId ?? ""}`;
    const known = runs.get(key);
    if (known !== undefined) return known;
    const used = { tokens: 0, cost_microcents: 0 };
    for (const { execution_id, metadata } of store.all("executions", { task_id: taskId })) {
      if (agentId !== null && metadata.agent_id !== agentId) continue;
      const execution = ofExecution(execution_id);
      used.tokens += execution.tokens;
      used.cost_microcents += execution.cost_microcents;
    }
    runs.set(key, used);
    return used;
  };

  return {
    used: (scope) => {
      if ("execution_id" in scope) return ofExecution(scope.execution_id);
      const { agent_id } = scope;
      if ("task_id" in scope) return ofRun(scope.task_id, agent_id);
      const { tokens, cost_microcents, assumed_microcents, by_agent } = usageOn(store, scope.day);
      if (agent_id !== null) return by_agent[agent_id] ?? nothing;
      return { tokens, cost_microcents: cost_microcents + assumed_microcents };
    },
    record: async ({ execution_id, task_id, agent_id, day, usage, ...cost }) => {
      const { cost_microcents, assumed_microcents } = cost;
      const tokens = tokensOf(usage);
      const isKnown = cost_microcents !== null;
      const counted = cost_microcents ?? assumed_microcents;
      for (const used of [ofExecution(execution_id), ofRun(task_id, null), ofRun(task_id, agent_id)]) {
        used.tokens += tokens;
        used.cost_microcents += counted;
      }
      const today = usageOn(store, day);
      const agents = today.by_agent[agent_id] ?? nothing;
      await store.commit((transaction) => {
        transaction.put("dailyUsage", {
          ...today,
          tokens: today.tokens + tokens,
          cost_microcents: today.cost_microcents + (cost_microcents ?? 0),
          assumed_microcents: today.assumed_microcents + (isKnown ? 0 : assumed_microcents),
          api_calls: today.api_calls + 1,
          unpriced_calls: today.unpriced_calls + (isKnown ? 0 : 1),
          by_agent: {
            ...today.by_agent,
            [agent_id]: {
              tokens: agents.tokens + tokens,
              cost_microcents: agents.cost_microcents + counted,
            },
          },
        });
      });
    },
  };
};
