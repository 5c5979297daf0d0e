import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { Alert } from "../../../schemas/alerts.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import { Settings } from "../../../schemas/settings.ts";
import { addDurations, noDurations, oneDuration, quantile } from "../../../server/metrics/durations.ts";
import { prometheusRules } from "../../../server/metrics/prometheus-rules.ts";
import { prometheusText } from "../../../server/metrics/prometheus.ts";
import { readMetrics, readSpan, type Span } from "../../../server/metrics/read.ts";
import { recordMetrics } from "../../../server/metrics/record.ts";
import { reportPage } from "../../../server/metrics/report/page.ts";
import type { DailyMetrics, MetricField } from "../../../schemas/metrics.ts";
import { raiseAlert } from "../../../server/models/alert.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anExecution, aRun, aTask } from "../../support/records.ts";

const DAY = "2026-11-28";
type Sources = Parameters<typeof readMetrics>[2];
const sum = (seconds: readonly number[]) => seconds.map(oneDuration).reduce(addDurations, noDurations());

describe("durations in buckets", () => {
  it("tell every percentile to a tenth, in whatever order they were added", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.constantFrom(0.5, 0.95, 1),
        (seconds, share) => {
          const exact = seconds.toSorted((one, two) => one - two)[Math.ceil(seconds.length * share) - 1] ?? 0;
          const told = quantile(sum(seconds), share) ?? 0;
          assert.ok(told / exact < 1.1 && exact / told < 1.1, `${told} for ${exact}`);
          assert.deepEqual(sum(seconds).buckets, sum(seconds.toReversed()).buckets);
        },
      ),
    );
  });

  it("tell nothing of nothing", () => {
    assert.equal(quantile(noDurations(), 0.5), null);
  });
});

const anAlert = (severity: Alert["severity"]): Alert =>
  raiseAlert(
    { alert: "cost_threshold", severity, subject: "cost_per_day", message: "It costs." },
    { alert_id: randomUUID(), tenant_id: aTask().tenant_id, day: DAY },
    `${DAY}T12:00:00.000Z`,
  );

describe("metrics", () => {
  const span = { since: DAY, until: DAY };
  const read = (sources: Sources, by: MetricField = "agent_type", of: Span = span) =>
    readMetrics(by, readSpan(of, sources.store), sources);

  /** A store in which executions of these statuses have ended. */
  const ended = async (...statuses: AgentExecution["status"][]) => {
    const store = memoryStore();
    const task = aTask();
    for (const status of statuses) {
      const base = anExecution(task.task_id);
      const execution: AgentExecution = {
        ...base,
        status,
        created_at: `${DAY}T10:00:00.000Z`,
        started_at: `${DAY}T10:00:02.000Z`,
        completed_at: `${DAY}T10:00:12.000Z`,
        resource_usage: { ...base.resource_usage, input_tokens: 100, cache_read_tokens: 300, cost: 0.25 },
        metadata: { ...base.metadata, model: 'a "model" <b>' },
      };
      await store.commit((transaction) => {
        transaction.put("tasks", task);
        transaction.put("executions", execution);
        recordMetrics(transaction, store.tenantId, execution.execution_id);
      });
    }
    return { store, queued: () => 3 };
  };

  it("sum up what ended, by the field that is asked for", async () => {
    const sources = await ended("Completed", "Completed", "Completed", "Failed", "Cancelled");
    const { total, rows } = read(sources);
    assert.equal(rows.length, 1);
    assert.deepEqual(total.outcomes, { completed: 3, failed: 1, cancelled: 1, timed_out: 0 });
    assert.equal(total.success_rate, 0.75);
    assert.equal(total.cost, 1.25);
    assert.equal(total.cache_share, 0.75);
    assert.equal(total.run_seconds.mean, 10);
    assert.equal(total.wait_seconds.mean, 2);
    const later = { since: "2026-11-29", until: "2026-11-30" };
    assert.equal(read(sources, "agent_type", later).total.executions, 0);
  });

  it("outlive the records that they sum up", async () => {
    const sources = await ended("Completed", "Failed");
    await sources.store.commit((transaction) => {
      for (const { execution_id } of sources.store.all("executions"))
        transaction.remove("executions", execution_id);
    });
    assert.equal(read(sources).total.executions, 2);
  });

  it("leave out an execution that has not ended", async () => {
    assert.equal(read(await ended("Running")).total.executions, 0);
  });

  it("are given to Prometheus, with labels escaped, and rules about series that exist", async () => {
    const text = await prometheusText(await ended("Completed", "Failed"));
    assert.match(text, /^coditect_executions_total\{.*model="a \\"model\\" <b>",status="completed"\} 1$/m);
    assert.match(text, /^coditect_cost_dollars_total\{.*\} 0\.5$/m);
    assert.match(text, /^coditect_queued_executions 3$/m);
    for (const [name] of prometheusRules(Settings.parse({}).alerts).matchAll(/coditect_\w+/g))
      assert.ok(text.includes(`# TYPE ${name} `), name);
  });

  it("are written as a page that runs nothing and takes every text for text", async () => {
    const days = read(await ended("Completed", "Failed"), "day");
    const model = read(await ended("Completed"), "model").rows;
    const by = { model, agent_type: [], workflow: [], provider: [] };
    const page = reportPage({ days, by, runs: [], folder: null });
    assert.doesNotMatch(page, /<script|<b>|https?:/);
    assert.match(page, /a &#34;model&#34; &#60;b&#62;/);
    assert.match(page, /2026-11-28: 1 completed, 1 failed, 0 cancelled of 2/);
    const [run, task] = [aRun(aTask().task_id, { status: "GateFailed" }), "Add <b>"];
    const severe = { ...days, alerts: [anAlert("warning"), anAlert("critical")] };
    const expensive = [{ run, workflow: "tdd", description: task }];
    const agents = read(await ended("Completed")).rows.map((row) => ({ ...row, key: "TestWriter" }));
    const full = reportPage({
      days: severe,
      by: { ...by, agent_type: agents },
      runs: expensive,
      folder: "f:",
    });
    // In words, the worst first, and each run a link for the keyboard.
    assert.match(full, />Test Writer</);
    assert.match(full, />Gate failed</);
    assert.match(full, /<li class="critical">.*<li class="warning">/);
    assert.match(full, /<a href="command:coditect\.showRun\?[^"]*">Add &#60;b&#62;<\/a>/);
    // What a screen reader is given for each picture and each table that scrolls.
    for (const [opening = ""] of full.matchAll(/<div class="(chart|scroll)"[^>]*>/g))
      assert.match(opening, /aria-label="[^"]+"/);
  });

  it("leave out a day whose record is damaged, and say so, and count nothing on it", async () => {
    const sources = await ended("Completed");
    const { store } = sources;
    const [sums] = store.all("dailyMetrics");
    const damaged: unknown = { ...sums, groups: [{ ...sums?.groups[0], tokens: null }] };
    // As a state file that was restored by hand can hold it.
    await store.commit((transaction) => {
      transaction.put("dailyMetrics", damaged as DailyMetrics);
      const [execution] = store.all("executions");
      recordMetrics(transaction, store.tenantId, execution?.execution_id ?? "");
    });
    assert.deepEqual(store.get("dailyMetrics", DAY), damaged);
    const days = read(sources, "day");
    assert.deepEqual([days.damaged_days, days.total.executions], [1, 0]);
    const by = { model: [], agent_type: [], workflow: [], provider: [] };
    assert.match(reportPage({ days, by, runs: [], folder: null }), /1 day is left out/);
    assert.doesNotMatch(await prometheusText(sources), /executions_total\{/);
  });
});
