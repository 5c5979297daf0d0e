import assert from "node:assert/strict";
import fc from "fast-check";
import type { AgentInstance, InstanceState } from "../../../schemas/instance.ts";
import { createRecords, recordLost } from "../../../server/instances/instance/records.ts";
import { secondsByDay } from "../../../server/metrics/instance-time.ts";
import { prometheusText } from "../../../server/metrics/prometheus.ts";
import { readMetrics, readSpan } from "../../../server/metrics/read.ts";
import { reportPage } from "../../../server/metrics/report/page.ts";
import { transitionState } from "../../../server/models/instance.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anAgent, anInstance } from "../../support/records.ts";

const SPAN = { since: "2026-11-01", until: "2026-12-31" };
const DAY_MS = 86_400_000;

/** An instance that has been in a state from that time on. */
const since = (at: string, state: InstanceState): AgentInstance => {
  const instance = anInstance(anAgent().agent_id);
  return {
    ...{ ...instance, state, created_at: at, updated_at: at },
    health: { ...instance.health, last_check: at },
    resources: { ...instance.resources, last_updated: at },
  };
};

/** Instances that go through these states, each for as long as the next time says. */
const lived = async (...lives: (readonly (readonly [at: string, state: InstanceState])[])[]) => {
  const store = memoryStore();
  const records = createRecords(store, () => undefined);
  const cause = { actor: "pool", cause: "test" };
  for (const [first, ...others] of lives) {
    if (first === undefined) continue;
    let instance = since(...first);
    await records.write("Created", null, instance, cause);
    for (const [at, state] of others) {
      const next = transitionState(instance, state, at);
      await records.write("StateChanged", instance, next, cause);
      instance = next;
    }
  }
  return { store, queued: () => 0 };
};

describe("instance utilization", () => {
  it("is the share of their time that instances spent working, for each day and for the span", async () => {
    const sources = await lived(
      [
        ["2026-11-28T23:00:00.000Z", "Idle"],
        ["2026-11-28T23:30:00.000Z", "Working"],
        ["2026-11-29T00:30:00.000Z", "Idle"],
        ["2026-11-29T01:00:00.000Z", "Stopping"],
      ],
      [
        ["2026-11-29T10:00:00.000Z", "Working"],
        ["2026-11-29T11:00:00.000Z", "Failed"],
        ["2026-11-29T20:00:00.000Z", "Stopping"],
      ],
    );
    const sums = readSpan(SPAN, sources.store);
    const days = readMetrics("day", sums, sources);
    assert.deepEqual(
      days.rows.map(({ key, utilization, instance_seconds }) => [key, utilization, instance_seconds]),
      [
        ["2026-11-28", 0.5, { Idle: 1800, Working: 1800 }],
        // The time after its failure is no time of an instance.
        ["2026-11-29", 0.75, { Idle: 1800, Working: 5400 }],
      ],
    );
    assert.equal(days.total.utilization, 7200 / 10_800);
    const byAgent = readMetrics("agent_type", sums, sources);
    assert.deepEqual([byAgent.total.utilization, byAgent.rows], [days.total.utilization, []]);
    const page = reportPage({
      ...{ days, runs: [], folder: null },
      by: { model: [], agent_type: [], workflow: [], provider: [] },
    });
    assert.match(page, /<dt>Instance utilization<\/dt><dd>67 %/);
    assert.match(page, /<title>2026-11-29: 75 %<\/title>/);
    assert.match(await prometheusText(sources), /^coditect_instance_seconds_total\{state="Working"\} 7200$/m);
  });

  it("comes with the estimated cost of what a cloud bills, from the start on", async () => {
    const store = memoryStore();
    const records = createRecords(store, () => undefined);
    const cause = { actor: "pool", cause: "test" };
    const priced = (at: string, state: InstanceState, dollars: number | null): AgentInstance => {
      const instance = since(at, state);
      const provider_metadata = { estimated_dollars_per_hour: dollars };
      return { ...instance, metadata: { ...instance.metadata, provider_metadata } };
    };
    const steps = [
      priced("2026-11-28T09:00:00.000Z", "Provisioning", null),
      priced("2026-11-28T10:00:00.000Z", "Starting", null),
      priced("2026-11-28T11:00:00.000Z", "Idle", 0.5),
      priced("2026-11-29T01:00:00.000Z", "Stopping", 0.5),
    ];
    for (const [index, step] of steps.entries())
      await records.write("StateChanged", steps[index - 1] ?? null, step, cause);
    const sources = { store, queued: () => 0 };
    const { total, rows } = readMetrics("day", readSpan(SPAN, store), sources);
    assert.deepEqual(
      rows.map((row) => [row.key, row.instance_cost, row.cost]),
      [
        ["2026-11-28", 7, 0],
        ["2026-11-29", 0.5, 0],
      ],
    );
    assert.equal(total.instance_cost, 7.5);
    assert.match(await prometheusText(sources), /^coditect_instance_cost_dollars_total 7\.5$/m);
  });

  it("is null without instances", async () => {
    const sources = await lived();
    assert.equal(readMetrics("day", readSpan(SPAN, sources.store), sources).total.utilization, null);
  });

  it("ends at the last sign of life of an instance whose runtime was killed", async () => {
    const { store } = await lived();
    const records = createRecords(store, () => undefined);
    const killed = since("2026-11-28T10:00:00.000Z", "Working");
    const health = { ...killed.health, last_check: "2026-11-28T10:05:00.000Z" };
    await records.measured({ ...killed, health });
    await recordLost(store, records);
    assert.deepEqual(store.get("dailyMetrics", "2026-11-28")?.instance_seconds, { Working: 300 });
    assert.equal(store.all("dailyMetrics").length, 1);
  });

  it("splits time at midnight (UTC), and ignores time if the clock was set back or far ahead", () => {
    const at = fc.integer({ min: Date.UTC(2026, 2, 27), max: Date.UTC(2026, 3, 3) });
    fc.assert(
      fc.property(at, at, (from, until) => {
        const days = secondsByDay(from, until);
        const sum = days.reduce((seconds, [, each]) => seconds + each, 0);
        assert.ok(Math.abs(sum - Math.max(0, until - from) / 1000) < 1e-6);
        for (const [day, seconds] of days) {
          assert.ok(seconds > 0 && seconds <= DAY_MS / 1000);
          assert.ok(Date.parse(day) + DAY_MS > from && Date.parse(day) < until);
        }
        assert.equal(new Set(days.map(([day]) => day)).size, days.length);
      }),
    );
    assert.ok(secondsByDay(0, Date.UTC(2026, 0, 1)).length <= 32);
  });
});
