import { MICROCENTS_PER_DOLLAR, type DailyUsage } from "../../schemas/run.ts";
import type { UsageLedger } from "../gateway/gateway.ts";
import { totalTokens as tokensOf } from "../gateway/tokens.ts";
import type { Store } from "../store/store.ts";
import { totalTokens } from "./usage.ts";

interface Used {
  tokens: number;
  cost_microcents: number;
}

const noneOn = (store: Store, day: string): DailyUsage => ({
  tenant_id: store.tenantId,
  day,
  tokens: 0,
  cost_microcents: 0,
  api_calls: 0,
});

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
    const usage = store.get("executions", id)?.resource_usage;
    const used = {
      tokens: usage === undefined ? 0 : totalTokens(usage),
      cost_microcents: Math.round((usage?.cost ?? 0) * MICROCENTS_PER_DOLLAR),
    };
    executions.set(id, used);
    return used;
  };

  const ofRun = (taskId: string): Used => {
    const known = runs.get(taskId);
    if (known !== undefined) return known;
    const used = { tokens: 0, cost_microcents: 0 };
    for (const { execution_id } of store.all("executions", { task_id: taskId })) {
      const execution = ofExecution(execution_id);
      used.tokens += execution.tokens;
      used.cost_microcents += execution.cost_microcents;
    }
    runs.set(taskId, used);
    return used;
  };

  return {
    used: (scope) => {
      if ("execution_id" in scope) return ofExecution(scope.execution_id);
      if ("task_id" in scope) return ofRun(scope.task_id);
      return store.get("dailyUsage", scope.day) ?? noneOn(store, scope.day);
    },
    record: async ({ execution_id, task_id, day, usage, cost_microcents }) => {
      const tokens = tokensOf(usage);
      const cost = cost_microcents ?? 0;
      for (const used of [ofExecution(execution_id), ofRun(task_id)]) {
        used.tokens += tokens;
        used.cost_microcents += cost;
      }
      const today = store.get("dailyUsage", day) ?? noneOn(store, day);
      await store.commit((transaction) => {
        transaction.put("dailyUsage", {
          ...today,
          tokens: today.tokens + tokens,
          cost_microcents: today.cost_microcents + cost,
          api_calls: today.api_calls + 1,
        });
      });
    },
  };
};
