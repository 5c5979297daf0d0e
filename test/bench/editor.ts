import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createModel } from "../../client/tree/model.ts";
import { fold } from "../../client/tree/fold.ts";
import { createRedraw } from "../../client/tree/redraw.ts";
import { runsTree } from "../../client/tree/runs.ts";
import { roots } from "../../client/tree/nodes.ts";
import { executionEvent, runStarted } from "../unit/client/events.ts";
import type { Report } from "./report.ts";

const FOLDER = "file:///bench";
const EXECUTIONS = 5_000;
const RUNS = 1_000;
const EVENTS_PER_SECOND = 200;
const SECONDS = 2;
const l10n = { t: (message: string) => message };

/** Without it the figure would count what the events left behind. */
const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
};

/** What the sidebar's model costs with many executions, and how soon an event is drawn. */
export default async function run({ report }: Report): Promise<void> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const model = createModel();
  for (let n = 0; n < RUNS; n += 1) fold(model, FOLDER, runStarted(n), () => undefined);
  for (let n = 0; n < EXECUTIONS; n += 1) {
    // Parsed anew, as it comes from the runtime: nothing of it is shared.
    const event = structuredClone(executionEvent(n % RUNS, Math.floor(n / RUNS), "Running"));
    fold(model, FOLDER, event, () => undefined);
  }
  collectGarbage();
  const megabytes = (process.memoryUsage().heapUsed - before) / 1024 / 1024;
  report({
    name: `memory of ${EXECUTIONS} executions in the sidebar`,
    value: megabytes,
    unit: "MB",
    against: null,
    goal: "under 40 MB",
    holds: megabytes < 40,
  });

  const slowest = await slowestRedraw(model);
  report({
    name: `event to redrawn tree at ${EVENTS_PER_SECOND} events/s, slowest`,
    value: slowest,
    unit: "ms",
    against: null,
    goal: "under 100 ms",
    holds: slowest < 100,
  });
}

const slowestRedraw = async (model: ReturnType<typeof createModel>): Promise<number> => {
  const tree = runsTree(model, l10n);
  const arrivals: number[] = [];
  const delays: number[] = [];
  const touch = createRedraw({
    schedule: (flush) => setTimeout(flush, 50),
    parent: tree.parent,
    roots: [roots.runs],
    draw: (nodes) => {
      for (const node of nodes ?? tree.children(null)) {
        tree.item(node);
        tree.children(node);
      }
      const now = performance.now();
      for (const at of arrivals.splice(0)) delays.push(now - at);
    },
  });
  const began = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = ((performance.now() - began) / 1000) * EVENTS_PER_SECOND;
      for (; sent < due; sent += 1) {
        arrivals.push(performance.now());
        fold(model, FOLDER, executionEvent(sent % RUNS, 0, sent % 2 === 0 ? "Completed" : "Running"), touch);
      }
      if (sent < EVENTS_PER_SECOND * SECONDS) return;
      clearInterval(timer);
      setTimeout(resolve, 100);
    }, 5);
  });
  return Math.max(...delays);
};
