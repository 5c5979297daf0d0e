import * as vscode from "vscode";
import { DaySpending } from "./day-spending.ts";
import type { RuntimeClient } from "./runtime/api.ts";
import type { Sidebar } from "./sidebar.ts";
import { formatCost, plain } from "./tree/item.ts";
import { currentStage } from "../schemas/run-view.ts";
import { activeRuns } from "./tree/model.ts";
import { runTitle } from "./tree/run-items.ts";

/**
 * The item in the status bar: active runs with their stage, the cost of the day, and the state of the
 * runtime.
 */
export const createStatusItem = (runtime: RuntimeClient, sidebar: Sidebar): vscode.Disposable => {
  const item = vscode.window.createStatusBarItem("coditect.status", vscode.StatusBarAlignment.Left, 10);
  item.name = "CODITECT";
  item.command = "coditect.showMenu";
  const spending = new DaySpending();

  const draw = () => {
    const { state } = runtime;
    const runs = activeRuns(sidebar.model);
    const [newest] = runs;
    const stage = newest === undefined ? null : currentStage(newest);
    const cost = spending.total();
    const isAway = state.kind === "ready" && !state.isReached;
    const parts = [
      isAway ? vscode.l10n.t("Reconnecting…") : runs.length > 0 ? `${runs.length}` : "CODITECT",
      stage?.state.name ?? "",
      cost > 0 ? formatCost(cost) : "",
    ];
    item.text = `${iconOf(state, runs.length)} ${parts.filter((part) => part !== "").join(" · ")}`;
    item.backgroundColor =
      state.kind === "unusable" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    item.tooltip = new vscode.MarkdownString(
      [
        describeRuntime(runtime),
        ...runs.map((run) => `- ${plain(runTitle(run))}`),
        spending.isWhole()
          ? vscode.l10n.t("Today: {0}", formatCost(cost))
          : vscode.l10n.t("Today: {0}, plus calls of unknown price", formatCost(cost)),
      ].join("\n\n"),
    );
    const label = spoken(runs.length, stage?.state.name ?? "", cost);
    item.accessibilityInformation = {
      label: isAway ? vscode.l10n.t("{0}. Reconnecting to the team server.", label) : label,
    };
  };
  const readCost = async (folder: string) => {
    spending.read(folder, await runtime.call("usage/today", {}, folder));
    draw();
  };

  const subscriptions = [
    item,
    runtime.onState(draw),
    sidebar.onChange(draw),
    runtime.onEvent(({ folder, event }) => {
      if (event.type === "model.usage" && spending.add(folder, event)) return;
      if (spending.knows(folder, event.at) && event.type !== "run.finished") return;
      spending.expect(folder, event.at);
      // Without it, the item shows only new events. The end of a run tries again.
      readCost(folder).catch(() => undefined);
    }),
  ];
  draw();
  item.show();
  return vscode.Disposable.from(...subscriptions);
};

/** The text for a screen reader, because icons and a bare number have no meaning there. */
const spoken = (running: number, stage: string, cost: number): string => {
  const parts = [
    running === 0
      ? vscode.l10n.t("no active runs")
      : running === 1
        ? vscode.l10n.t("1 active run")
        : vscode.l10n.t("{0} active runs", running),
    stage === "" ? "" : vscode.l10n.t("stage {0}", stage),
    cost === 0 ? "" : vscode.l10n.t("{0} today", formatCost(cost)),
  ];
  return `CODITECT: ${parts.filter((part) => part !== "").join(", ")}`;
};

const iconOf = (state: RuntimeClient["state"], running: number): string => {
  if (state.kind === "unusable") return "$(error)";
  if (state.kind === "ready" && !state.isReached) return "$(sync~spin)";
  return state.kind === "starting" || running > 0 ? "$(loading~spin)" : "$(beaker)";
};

/** The state of the runtime as a sentence for people. */
export const describeRuntime = ({ state }: RuntimeClient): string => {
  switch (state.kind) {
    case "stopped":
      return vscode.l10n.t("The runtime starts when it is needed.");
    case "starting":
      return vscode.l10n.t("The runtime is starting…");
    case "ready":
      if (!state.isReached)
        return vscode.l10n.t("The team server {0} does not answer. Reconnecting…", state.server ?? "");
      return state.server === null
        ? vscode.l10n.t("Runtime {0}, process {1}", state.version, state.pid)
        : vscode.l10n.t("Team server {0}, version {1}", state.server, state.version);
    case "unusable":
      return vscode.l10n.t("The runtime cannot be used: {0}", state.reason);
  }
};
