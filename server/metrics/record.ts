import type { DailyMetrics } from "../../schemas/metrics.ts";
import { isFinalExecution } from "../../schemas/statuses.ts";
import type { Transaction } from "../store/store.ts";
import { addToDay, groupOf } from "./groups.ts";

/**
 * Puts an execution that ends into the sums of its day; part of the commit that ends it, so that it is
 * counted exactly once.
 */
export const recordMetrics = (transaction: Transaction, tenant_id: string, executionId: string): void => {
  const execution = transaction.get("executions", executionId);
  if (execution === null || !isFinalExecution(execution.status)) return;
  const day = (execution.completed_at ?? execution.created_at).slice(0, 10);
  const workflow = transaction.get("tasks", execution.task_id)?.workflow ?? "";
  const known: DailyMetrics = transaction.get("dailyMetrics", day) ?? { tenant_id, day, groups: [] };
  transaction.put("dailyMetrics", addToDay(known, groupOf(execution, workflow)));
};
