import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentInstance } from "../../schemas/instance.ts";
import { Settings } from "../../schemas/settings.ts";
import { causesOf } from "../../server/alerts/causes.ts";
import { createLedger } from "../../server/executions/ledger.ts";
import { putRun } from "../../server/metrics/acceptance.ts";
import { addToDay, groupOf } from "../../server/metrics/groups.ts";
import { recordInstanceTime } from "../../server/metrics/instance-time.ts";
import { readMetrics, readSpan, recentRuns, rowsBy } from "../../server/metrics/read.ts";
import { recordMetrics } from "../../server/metrics/record.ts";
import { reportPage } from "../../server/metrics/report.ts";
import { openStore } from "../../server/store/open.ts";
import type { Store } from "../../server/store/store.ts";
import { anAgent, anExecution, anInstance, aRun, aTask } from "../support/records.ts";
import type { Report } from "./report.ts";

const EXECUTIONS = 100_000;
const PER_RUN = 5;
const RUNS_PER_COMMIT = 200;
const DAYS = 90;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2026, 0, 1);
const AGENTS = ["TestWriter", "Coder", "Reviewer", "Security", "QualityControl"] as const;

const dayOf = (index: number): string =>
  new Date(FIRST_DAY + Math.floor((index * DAYS * PER_RUN) / EXECUTIONS) * DAY_MS).toISOString();

/** Runs of 90 days, with their executions in the sums of their days. */
const fill = async (store: Store): Promise<void> => {
  const { tenantId: tenant_id } = store;
  for (let first = 0; first < EXECUTIONS / PER_RUN; first += RUNS_PER_COMMIT)
    await store.commit((transaction) => {
      for (let index = first; index < first + RUNS_PER_COMMIT; index++) {
        const at = dayOf(index);
        const task = { ...aTask(), tenant_id };
        const times = { created_at: at, updated_at: at, completed_at: at };
        transaction.put("tasks", task);
        putRun(transaction, aRun(task.task_id, { tenant_id, status: "Succeeded", ...times }));
        for (const agent_type of AGENTS) {
          const base = anExecution(task.task_id);
          const metadata = { ...base.metadata, agent_type };
          const ended = { status: "Completed", created_at: at, started_at: at, completed_at: at } as const;
          transaction.put("executions", { ...base, tenant_id, metadata, ...ended });
          recordMetrics(transaction, tenant_id, base.execution_id);
        }
      }
    });
};

const milliseconds = (work: () => unknown): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

/** What the dashboard does for its first paint. */
const drawDashboard = (store: Store): string => {
  const span = { since: dayOf(0).slice(0, 10), until: dayOf(EXECUTIONS).slice(0, 10) };
  const sums = readSpan(span, store);
  const rows = (by: "model" | "agent_type" | "workflow" | "provider") => rowsBy(by, sums).rows;
  return reportPage({
    days: readMetrics("day", sums, { store, queued: () => 0 }),
    by: {
      model: rows("model"),
      agent_type: rows("agent_type"),
      workflow: rows("workflow"),
      provider: rows("provider"),
    },
    runs: recentRuns(store, span)
      .slice(0, 10)
      .map((run) => ({ run, workflow: "tdd", description: "" })),
    folder: null,
  });
};

export default async function run({ report }: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coditect-bench-metrics-"));
  const store = await openStore({
    folder,
    durability: "os",
    retention: { days: null, runs: null, megabytes: null },
    warn: () => undefined,
  });
  try {
    await fill(store);
    const dashboard = milliseconds(() => drawDashboard(store));
    report({
      ...{ name: "dashboard of 100,000 executions, first", value: dashboard, unit: "ms", against: null },
      ...{ goal: "under 300 ms", holds: dashboard < 300 },
    });
    const sources = {
      ...{ store, ledger: createLedger(store), settings: Settings.parse({}) },
      pool: { loads: () => [] },
    };
    causesOf(dayOf(0).slice(0, 10), sources);
    const alerts = milliseconds(() => causesOf(dayOf(0).slice(0, 10), sources));
    report({
      ...{ name: "looking for causes of alerts", value: alerts, unit: "ms", against: null },
      ...{ goal: "under 10 ms, once a second", holds: alerts < 10 },
    });
    const day = store.get("dailyMetrics", dayOf(0).slice(0, 10));
    const group = groupOf({ ...anExecution(aTask().task_id), status: "Completed" }, "tdd");
    const step = day === null ? 0 : milliseconds(() => addToDay(day, group));
    report({
      ...{ name: "an ended execution into its day's sums", value: step, unit: "ms", against: null },
      ...{ goal: "under 1 % of a turn of 1 s", holds: step < 10 },
    });
    const instance: AgentInstance = { ...anInstance(anAgent().agent_id), tenant_id: store.tenantId };
    const until = new Date(Date.parse(instance.updated_at) + 60_000).toISOString();
    const start = performance.now();
    await store.commit((transaction) => {
      recordInstanceTime(transaction, instance, instance, until);
    });
    const state = performance.now() - start;
    report({
      ...{
        name: "the time of an instance into its day's sums, stored",
        value: state,
        unit: "ms",
        against: null,
      },
      ...{ goal: "under 1 % of a turn of 1 s", holds: state < 10 },
    });
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
