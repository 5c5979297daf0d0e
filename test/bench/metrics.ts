import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { z } from "zod";
import type { AgentInstance } from "../../schemas/instance.ts";
import { Settings } from "../../schemas/settings.ts";
import { causesOf } from "../../server/alerts/causes.ts";
import { createLedger } from "../../server/executions/ledger.ts";
import { putRun } from "../../server/metrics/acceptance.ts";
import { recordInstanceTime } from "../../server/metrics/instance-time.ts";
import { readMetrics, readSpan, recentRuns, rowsBy } from "../../server/metrics/read.ts";
import { recordMetrics } from "../../server/metrics/record.ts";
import { reportPage } from "../../server/metrics/report/page.ts";
import { openStore } from "../../server/store/open.ts";
import type { Store } from "../../server/store/store.ts";
import { chromiumPath } from "../editor/parts.ts";
import {
  aChangedFile,
  aChangeSet,
  anAgent,
  anExecution,
  anInstance,
  aRun,
  aStage,
  aTask,
} from "../support/records.ts";
import { median, type Report } from "./report.ts";

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

const Paint = z.number().positive();

const PAINTS = 5;

/**
 * The median of the milliseconds until Chromium has painted a page and an empty one; null: there is no Chromium.
 * As in VS Code, the browser has already painted something.
 */
const measurePaint = async (
  html: string,
  folder: string,
): Promise<{ page: number; empty: number } | null> => {
  if (chromiumPath() === null) return null;
  const paths = { page: join(folder, "report.html"), empty: join(folder, "empty.html") };
  await writeFile(paths.page, html);
  await writeFile(paths.empty, "<!DOCTYPE html><title>Empty</title><p>Empty</p>");
  const browser = await chromium.launch({
    executablePath: chromiumPath() ?? "",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const paint = async (path: string): Promise<number> => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(path).href);
    const read = `new Promise((painted) => {
      new PerformanceObserver((list) => {
        for (const { startTime } of list.getEntriesByName("first-contentful-paint")) painted(startTime);
      }).observe({ type: "paint", buffered: true });
    })`;
    const painted = Paint.parse(await page.evaluate(read));
    await page.close();
    return painted;
  };
  try {
    await paint(paths.empty);
    const paints: { page: number; empty: number }[] = [];
    while (paints.length < PAINTS)
      paints.push({ empty: await paint(paths.empty), page: await paint(paths.page) });
    return {
      page: median(paints.map(({ page }) => page)),
      empty: median(paints.map(({ empty }) => empty)),
    };
  } finally {
    await browser.close();
  }
};

const STEPS = 200;

/**
 * The median of what metrics add to one step: its execution ends, its instance works and is idle again, and
 * its run is stored with ten changed files.
 */
const measureStep = async (store: Store): Promise<number> => {
  const { tenantId: tenant_id } = store;
  const at = dayOf(0);
  const idle: AgentInstance = { ...anInstance(anAgent().agent_id), tenant_id, updated_at: at };
  const files = Array.from({ length: 10 }, (_, index) => aChangedFile(`src/${index}.ts`));
  const times: number[] = [];
  for (let index = 0; index < STEPS; index++) {
    const task = { ...aTask(), tenant_id };
    const base = anExecution(task.task_id);
    const execution = { ...base, tenant_id, status: "Completed", completed_at: at } as const;
    const set = aChangeSet(task.task_id, execution.execution_id, files);
    const stage = { ...aStage("code"), execution_ids: [execution.execution_id] };
    const run = aRun(task.task_id, { tenant_id, stages: [stage], created_at: at });
    await store.commit((transaction) => {
      transaction.put("tasks", task);
      transaction.put("executions", execution);
      transaction.put("runs", run);
      transaction.put("changeSets", { ...set, tenant_id });
    });
    const until = new Date(Date.parse(at) + 60_000).toISOString();
    await store.commit((transaction) => {
      times.push(
        milliseconds(() => {
          recordMetrics(transaction, tenant_id, execution.execution_id);
          recordInstanceTime(transaction, { ...idle, state: "Idle" }, idle, until);
          recordInstanceTime(transaction, { ...idle, state: "Working" }, idle, until);
          putRun(transaction, { ...run, status: "Succeeded", change_set_id: set.change_set_id });
        }),
      );
    });
  }
  return median(times);
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
    let page = "";
    const made = milliseconds(() => {
      page = drawDashboard(store);
    });
    const painted = await measurePaint(page, folder);
    const first = made + (painted?.page ?? 0);
    report({
      ...{ name: "page of 100,000 executions, made for the first time", value: made, unit: "ms" },
      ...{ against: null, goal: "", holds: null },
    });
    report({
      name: `its first paint${painted === null ? ", without a browser" : ", made and painted by Chromium"}`,
      ...{ value: first, unit: "ms" },
      against: painted === null ? null : { name: "an empty page", value: painted.empty },
      ...{ goal: "under 300 ms", holds: painted === null ? null : first < 300 },
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
    const step = await measureStep(store);
    report({
      ...{ name: "metrics of one step of a run, stored", value: step, unit: "ms", against: null },
      ...{ goal: "under 1 % of a turn of 1 s", holds: step < 10 },
    });
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
