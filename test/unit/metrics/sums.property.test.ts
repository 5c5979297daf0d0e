import assert from "node:assert/strict";
import fc from "fast-check";
import type { AgentExecution } from "../../../schemas/execution.ts";
import { Metrics, MetricField } from "../../../schemas/metrics.ts";
import { isFinalExecution } from "../../../schemas/statuses.ts";
import { readMetrics, readSpan } from "../../../server/metrics/read.ts";
import { recordMetrics } from "../../../server/metrics/record.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anExecution, aTask } from "../../support/records.ts";

const MIDNIGHT = Date.parse("2026-11-29T00:00:00.000Z");
const ALL = { since: "2026-11-01", until: "2026-12-31" };

/** Seconds from midnight: of before and after it, and a clock that was set back in between. */
const moment = fc
  .integer({ min: -90_000, max: 90_000 })
  .map((seconds) => new Date(MIDNIGHT + seconds * 1000).toISOString());

const execution = fc
  .record({
    status: fc.constantFrom<AgentExecution["status"][]>(
      ...(["Completed", "Failed", "Cancelled", "TimedOut", "Running", "Queued"] as const),
    ),
    created_at: moment,
    started_at: fc.option(moment),
    completed_at: fc.option(moment),
    cost: fc.option(fc.double({ min: 0, max: 1000, noNaN: true })),
    agent_type: fc.constantFrom("Coder" as const, "Reviewer" as const),
    model: fc.constantFrom("", "m", "__proto__", "constructor"),
  })
  .map(({ cost, agent_type, model, ...times }): AgentExecution => {
    const base = anExecution(aTask().task_id);
    return {
      ...{ ...base, ...times, resource_usage: { ...base.resource_usage, cost } },
      metadata: { ...base.metadata, agent_type, model },
    };
  });

const recorded = async (executions: readonly AgentExecution[]) => {
  const store = memoryStore();
  for (const each of executions)
    await store.commit((transaction) => {
      transaction.put("executions", each);
      recordMetrics(transaction, store.tenantId, each.execution_id);
    });
  return store;
};

describe("daily sums of executions", () => {
  it("count each ended one once, on the day it ended, whatever its clock and price", () =>
    fc.assert(
      fc.asyncProperty(fc.array(execution, { maxLength: 20 }), async (executions) => {
        const store = await recorded(executions);
        const sources = { store, queued: () => 0 };
        const ended = executions.filter(({ status }) => isFinalExecution(status));
        const sums = readSpan(ALL, store);
        for (const by of MetricField.options) {
          const { total, rows } = Metrics.parse(readMetrics(by, sums, sources));
          assert.equal(total.executions, ended.length);
          assert.equal(
            rows.reduce((sum, row) => sum + row.executions, 0),
            ended.length,
          );
          assert.equal(
            total.unpriced,
            ended.filter(({ resource_usage }) => resource_usage.cost === null).length,
          );
          for (const { run_seconds: run } of [total, ...rows])
            assert.ok(run.count === 0 ? run.mean === null : run.mean !== null && run.mean >= 0);
        }
        for (const day of ["2026-11-27", "2026-11-28", "2026-11-29", "2026-11-30"]) {
          const { total } = readMetrics("day", readSpan({ since: day, until: day }, store), sources);
          const on = ended.filter((each) => (each.completed_at ?? each.created_at).startsWith(day));
          assert.equal(total.executions, on.length, day);
        }
      }),
    ));

  it("are the same in every order, and when their records are gone", () =>
    fc.assert(
      fc.asyncProperty(fc.array(execution, { minLength: 1, maxLength: 12 }), async (executions) => {
        const [one, other] = [await recorded(executions), await recorded(executions.toReversed())];
        await one.commit((transaction) => {
          for (const { execution_id } of executions) transaction.remove("executions", execution_id);
        });
        const counts = (store: typeof one) =>
          readMetrics("model", readSpan(ALL, store), { store, queued: () => 0 }).rows.map(
            ({ key, outcomes, unpriced, run_seconds: { count, median, p95 } }) => [
              ...[key, outcomes, unpriced, count, median, p95],
            ],
          );
        assert.deepEqual(counts(one), counts(other));
      }),
    ));
});
