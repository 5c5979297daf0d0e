import { DailyMetrics } from "../../schemas/metrics.ts";
import { isFinalExecution } from "../../schemas/statuses.ts";
import type { Transaction } from "../store/store.ts";
import { addToDay, groupOf } from "./groups.ts";

/** A day as it is stored; without a record, one on which nothing ended. Null: the record is damaged. */
export const wholeMetrics = (
  tenant_id: string,
  day: string,
  stored: DailyMetrics | null,
): DailyMetrics | null => {
  // Parsed, because a day that an older version stored lacks what was added since, and because a state
  // file that was restored by hand can hold anything.
  const parsed = DailyMetrics.safeParse(stored ?? { tenant_id, day, groups: [], instance_seconds: {} });
  return parsed.success ? parsed.data : null;
};

/**
 * Puts an execution that ends into the sums of its day; part of the commit that ends it, so that it is
 * counted exactly once. Damaged sums are left as they are for `coditect doctor`: they must not stop an
 * execution from ending.
 */
export const recordMetrics = (transaction: Transaction, tenant_id: string, executionId: string): void => {
  const execution = transaction.get("executions", executionId);
  if (execution === null || !isFinalExecution(execution.status)) return;
  const day = (execution.completed_at ?? execution.created_at).slice(0, 10);
  const workflow = transaction.get("tasks", execution.task_id)?.workflow ?? "";
  const known = wholeMetrics(tenant_id, day, transaction.get("dailyMetrics", day));
  if (known === null) return;
  transaction.put("dailyMetrics", addToDay(known, groupOf(execution, workflow)));
};
