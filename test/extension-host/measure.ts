import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as vscode from "vscode";
import { z } from "zod";
import type { RuntimeClient } from "../../client/runtime/api.ts";
import { fold } from "../../client/tree/fold.ts";
import { createModel, type Model } from "../../client/tree/model.ts";
import { nodeId, roots } from "../../client/tree/nodes.ts";
import { runsTree } from "../../client/tree/runs.ts";
import { createTreeView } from "../../client/tree/view.ts";
import { executionEvent, runStarted } from "../unit/client/events.ts";
import { extension, fileUri, nextEvent, workspaceFolder } from "./extension.ts";

/** What each try of a measurement gave, in milliseconds; memory in megabytes. */
export interface HostFigure {
  name: HostFigureName;
  values: number[];
}
export type HostFigureName =
  | "activation"
  | "command to first progress, runtime stopped"
  | "command to first progress, runtime ready"
  | "runtime start to first answer"
  | "memory of 5,000 executions"
  | "event to redrawn tree"
  | "event to redrawn tree, one at a time";

const FOLDER = "file:///bench";
const EXECUTIONS = 5_000;
const RUNS = 1_000;
const EVENTS_PER_SECOND = 200;
const SECONDS = 3;
/** Events that come one at a time, as those of a run mostly do, and the pause between two. */
const SINGLE_EVENTS = 20;
const PAUSE_MS = 300;
const RESTARTS = 5;

/** Measures in the extension host it runs in; the view is the one of this test's own manifest. */
export const measure = async (): Promise<HostFigure[]> => {
  const { runtime } = await extension().activate();
  const activation = ownActivation(extension().id);
  if (runtime.state.kind !== "stopped") throw new Error("the runtime was started before it was needed");

  const cold = await commandToProgress(runtime);
  const warm = [await commandToProgress(runtime), await commandToProgress(runtime)];
  const starts: number[] = [];
  for (let n = 0; n < RESTARTS; n += 1) starts.push(await restart(runtime));

  const { model, megabytes, events, single } = await measureTree();
  if (model.executions.size < EXECUTIONS) throw new Error("executions were not kept");
  return [
    { name: "activation", values: [activation] },
    { name: "command to first progress, runtime stopped", values: [cold] },
    { name: "command to first progress, runtime ready", values: warm },
    { name: "runtime start to first answer", values: starts },
    { name: "memory of 5,000 executions", values: [megabytes] },
    { name: "event to redrawn tree", values: events },
    { name: "event to redrawn tree, one at a time", values: single },
  ];
};

const Marked = z.object({
  MonacoPerformanceMarks: z.object({
    getMarks: z.custom<() => { name: string; startTime: number }[]>((value) => typeof value === "function"),
  }),
});

/**
 * Loading the extension's code and calling it, as VS Code itself marks them ("Show Running
 * Extensions"): without its own work in between, such as storage and translations.
 */
const ownActivation = (id: string): number => {
  const marks = Marked.parse(globalThis).MonacoPerformanceMarks.getMarks();
  const at = (name: string): number => {
    const mark = marks.find((candidate) => candidate.name === `code/extHost/${name}/${id}`);
    if (mark === undefined) throw new Error(`VS Code has not marked ${name} of ${id}`);
    return mark.startTime;
  };
  const loaded = at("didLoadExtensionCode") - at("willLoadExtensionCode");
  return loaded + at("didActivateExtension") - at("willActivateExtension");
};

/** The progress of a run is begun when the event of its start comes. */
const commandToProgress = async (runtime: RuntimeClient): Promise<number> => {
  const started = nextEvent("run.started");
  const finished = nextEvent("run.finished");
  const began = performance.now();
  const command = vscode.commands.executeCommand("coditect.runTdd", fileUri("src/bill.js"));
  const { task_id } = await started;
  const took = performance.now() - began;
  await command;
  await runtime.call("runs/cancel", { task_id }, workspaceFolder().uri.toString());
  await finished;
  return took;
};

/** From the moment the process is started to its first answer. */
const restart = async (runtime: RuntimeClient): Promise<number> => {
  let began = 0;
  const subscription = runtime.onState(({ kind }) => {
    if (kind === "starting") began = performance.now();
  });
  await runtime.restart();
  subscription.dispose();
  return performance.now() - began;
};

/** Without it the figure would count what the events left behind. */
const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
};

const heap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1024 / 1024;
};

/** The sidebar's own model and view, filled with executions, then under a stream of events. */
const measureTree = async (): Promise<{
  model: Model;
  megabytes: number;
  events: number[];
  single: number[];
}> => {
  const empty = heap();
  const model = createModel();
  const tree = runsTree(model, vscode.l10n);
  /** When the oldest event came that VS Code has not asked its node for since. */
  const waiting = new Map<string, number>();
  let events: number[] = [];
  const item = (node: string) => {
    const at = waiting.get(node);
    if (at !== undefined) events.push(performance.now() - at);
    waiting.delete(node);
    return tree.item(node);
  };
  const id = "coditectMeasure.runs";
  const shown = createTreeView({ id, root: roots.runs, folderOf: () => null, tree: { ...tree, item } });
  for (let n = 0; n < RUNS; n += 1) fold(model, FOLDER, runStarted(n), shown.touch);
  for (let n = 0; n < EXECUTIONS; n += 1) {
    // Parsed anew, as it comes from the runtime: nothing of it is shared.
    const event = structuredClone(executionEvent(n % RUNS, Math.floor(n / RUNS), "Running"));
    fold(model, FOLDER, event, shown.touch);
  }
  await vscode.commands.executeCommand(`${id}.focus`);
  await shown.view.reveal(nodeId.execution(executionEvent(0, 0, "Running").execution.execution_id));
  const megabytes = heap() - empty;
  const tell = (n: number) => {
    // Those of one run that is open, as a person has it who watches.
    const event = executionEvent(0, n % (EXECUTIONS / RUNS), n % 2 === 0 ? "Completed" : "Running");
    const node = nodeId.execution(event.execution.execution_id);
    if (!waiting.has(node)) waiting.set(node, performance.now());
    fold(model, FOLDER, event, shown.touch);
  };
  await stream(tell);
  const streamed = events;
  events = [];
  for (let n = 0; n < SINGLE_EVENTS; n += 1) {
    tell(n);
    await setTimeout(PAUSE_MS);
  }
  shown.dispose();
  return { model, megabytes, events: streamed, single: events };
};

/** Tells events evenly, at the rate of a busy runtime. */
const stream = async (tell: (n: number) => void): Promise<void> => {
  const began = performance.now();
  let count = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * EVENTS_PER_SECOND;
    for (; count < due; count += 1) tell(count);
    if (count < EVENTS_PER_SECOND * SECONDS) return;
    clearInterval(timer);
    resolve(undefined);
  }, 5);
  await promise;
  // The last redraw.
  await setTimeout(500);
};
