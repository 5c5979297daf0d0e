import * as vscode from "vscode";
import type { Alert } from "../schemas/alerts.ts";
import { setContext } from "./context-keys.ts";
import { viewIds, type CommandId } from "./contributions.ts";
import { foldersWithState } from "./folders.ts";
import type { FolderEvent, RuntimeClient } from "./runtime/api.ts";
import { sayWarning } from "./say.ts";
import { plain } from "./tree/item.ts";

/** An alert and its workspace folder (URI). */
export interface FolderAlert {
  folder: string;
  alert: Alert;
}

export interface AlertsParts {
  runtime: RuntimeClient;
  log: vscode.LogOutputChannel;
  /** See {@link foldersWithState}. */
  storage: vscode.Uri | undefined;
}

/** Shows the open alerts of all folders in a view, in the status bar, and critical ones as notifications. */
export class Alerts implements vscode.TreeDataProvider<FolderAlert>, vscode.Disposable {
  readonly #parts: AlertsParts;
  /** The key is that of {@link keyOf}. */
  readonly #alerts = new Map<string, FolderAlert>();
  /**
   * Folders whose alerts were read, or could not be read. All are read again after the runtime starts again.
   */
  readonly #read = new Set<string>();
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<FolderAlert>;
  readonly #status: vscode.StatusBarItem;
  readonly #subscriptions: vscode.Disposable;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(parts: AlertsParts) {
    const { runtime } = parts;
    this.#parts = parts;
    this.#view = vscode.window.createTreeView(viewIds.alerts, { treeDataProvider: this });
    this.#status = vscode.window.createStatusBarItem("coditect.alerts", vscode.StatusBarAlignment.Left, 9);
    this.#status.name = vscode.l10n.t("CODITECT Alerts");
    this.#status.command = "coditect.showAlerts" satisfies CommandId;
    this.#subscriptions = vscode.Disposable.from(
      this.#view,
      this.#status,
      this.#changed,
      runtime.onEvent((event) => {
        this.#onEvent(event);
      }),
      runtime.onState(({ kind }) => {
        if (kind !== "ready") this.#read.clear();
        else this.#inBackground(this.#readAll());
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
        for (const { uri } of removed) this.#forget(uri.toString());
        this.#draw();
      }),
    );
  }

  /** Alerts that nobody has acknowledged, newest first. */
  raised(): FolderAlert[] {
    return this.getChildren().filter(({ alert }) => alert.status === "Raised");
  }

  async acknowledge({ folder, alert: { alert_id } }: FolderAlert): Promise<void> {
    const alert = await this.#parts.runtime.call("alerts/acknowledge", { alert_id }, folder);
    this.#put({ folder, alert });
    this.#draw();
  }

  getChildren(): FolderAlert[] {
    return [...this.#alerts.values()].toSorted((one, other) =>
      other.alert.raised_at.localeCompare(one.alert.raised_at),
    );
  }

  getTreeItem({ folder, alert }: FolderAlert): vscode.TreeItem {
    const item = new vscode.TreeItem(alert.message);
    const status = statusText(alert);
    item.id = keyOf({ folder, alert });
    item.description = status;
    item.contextValue = alert.status === "Raised" ? "alert-raised" : "";
    item.iconPath = iconOf(alert);
    const since = new Date(alert.raised_at).toLocaleTimeString();
    const facts = [plain(alert.message), status, vscode.l10n.t("Since {0}", since)];
    item.tooltip = new vscode.MarkdownString(facts.filter((fact) => fact !== "").join("\n\n"));
    item.accessibilityInformation = { label: `${severityText(alert)}: ${alert.message} ${status}` };
    item.command = wayTo(folder, alert);
    return item;
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #onEvent({ folder, event }: FolderEvent): void {
    if (!this.#read.has(folder)) void this.#readFolder(folder);
    if (event.type !== "alert.changed") return;
    const { alert, first } = event;
    this.#put({ folder, alert });
    this.#draw();
    if (first && alert.severity === "critical") this.#inBackground(this.#alarm({ folder, alert }));
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#parts.log.warn("Alerts could not be shown", error);
    });
  }

  async #readAll(): Promise<void> {
    const folders = await foldersWithState(this.#parts.storage);
    await Promise.all(folders.map(({ uri }) => this.#readFolder(uri.toString())));
  }

  async #readFolder(folder: string): Promise<void> {
    this.#read.add(folder);
    try {
      const { items } = await this.#parts.runtime.call("alerts/list", {}, folder);
      this.#forget(folder);
      for (const alert of items) this.#put({ folder, alert });
      this.#draw();
    } catch (error) {
      this.#parts.log.warn("Alerts could not be read", error);
    }
  }

  #put(entry: FolderAlert): void {
    if (entry.alert.status === "Cleared") this.#alerts.delete(keyOf(entry));
    else this.#alerts.set(keyOf(entry), entry);
  }

  #forget(folder: string): void {
    for (const [key, alert] of this.#alerts) if (alert.folder === folder) this.#alerts.delete(key);
  }

  /** Agents cannot continue until a person acts. */
  async #alarm(entry: FolderAlert): Promise<void> {
    const settings = vscode.l10n.t("Open Settings");
    const acknowledge = vscode.l10n.t("Acknowledge");
    const chosen = await sayWarning(entry.alert.message, settings, acknowledge);
    if (chosen === settings)
      await vscode.commands.executeCommand("workbench.action.openSettings", LIMIT_SETTINGS);
    else if (chosen === acknowledge) await this.acknowledge(entry);
  }

  #draw(): void {
    const raised = this.raised();
    const isCritical = raised.some(({ alert }) => alert.severity === "critical");
    setContext("coditect.hasAlerts", this.#alerts.size > 0);
    this.#changed.fire(undefined);
    const text =
      raised.length === 1 ? vscode.l10n.t("1 alert") : vscode.l10n.t("{0} alerts", String(raised.length));
    this.#view.badge = raised.length === 0 ? undefined : { value: raised.length, tooltip: text };
    if (raised.length === 0) {
      this.#status.hide();
      return;
    }
    this.#status.text = `$(bell-dot) ${text}`;
    this.#status.tooltip = raised.map(({ alert }) => alert.message).join("\n");
    this.#status.accessibilityInformation = { label: `CODITECT: ${text}` };
    const colour = isCritical ? "statusBarItem.errorBackground" : "statusBarItem.warningBackground";
    this.#status.backgroundColor = new vscode.ThemeColor(colour);
    this.#status.show();
  }
}

/** The ID alone is not enough: a folder that was copied together with its state has the same alerts as the original. */
const keyOf = ({ folder, alert }: FolderAlert): string => `${folder} ${alert.alert_id}`;

const LIMIT_SETTINGS = "@ext:coditect.coditect-agents limits";

const severityText = ({ severity }: Alert): string =>
  severity === "critical" ? vscode.l10n.t("Critical") : vscode.l10n.t("Warning");

const statusText = ({ status }: Alert): string =>
  status === "Acknowledged" ? vscode.l10n.t("acknowledged") : "";

const iconOf = ({ severity, status }: Alert): vscode.ThemeIcon => {
  if (status === "Acknowledged") return new vscode.ThemeIcon("bell-slash");
  return severity === "critical"
    ? new vscode.ThemeIcon("error", new vscode.ThemeColor("list.errorForeground"))
    : new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
};

/** The action that shows more about the alert or helps to resolve it. */
const wayTo = (folder: string, { alert, subject }: Alert): vscode.Command => {
  const [cap = "", id] = subject.split(":");
  if (cap.endsWith("_per_run") && id !== undefined)
    return {
      command: "coditect.showRun",
      title: vscode.l10n.t("Show Run"),
      arguments: [{ uri: folder, task_id: id }],
    };
  if (alert === "cost_threshold" || cap.endsWith("_per_day"))
    return {
      command: "workbench.action.openSettings",
      title: vscode.l10n.t("Open Settings"),
      arguments: [LIMIT_SETTINGS],
    };
  return { command: "coditect.showDashboard" satisfies CommandId, title: vscode.l10n.t("Show Dashboard") };
};
