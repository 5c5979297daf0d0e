import * as vscode from "vscode";
import { schemes } from "../contributions.ts";
import type { RuntimeClient } from "../runtime/api.ts";
import type { Sidebar } from "../sidebar.ts";
import { promptText, reasonsText } from "./markdown.ts";
import type { TranscriptPanel } from "./panel.ts";

/** Transcripts of executions as growing pages, and their prompts as documents. */
export class Transcripts implements vscode.Disposable {
  readonly #runtime: RuntimeClient;
  readonly #sidebar: Sidebar;
  /** By folder and execution. */
  readonly #panels = new Map<string, TranscriptPanel>();
  readonly #prompts: vscode.Disposable;

  constructor(runtime: RuntimeClient, sidebar: Sidebar) {
    this.#runtime = runtime;
    this.#sidebar = sidebar;
    this.#prompts = vscode.workspace.registerTextDocumentContentProvider(schemes.prompt, {
      provideTextDocumentContent: (uri) => this.#readPrompt(uri),
    });
  }

  /** Opens the transcript, or shows its open page. */
  async show(folder: string, executionId: string): Promise<void> {
    const key = `${folder} ${executionId}`;
    const known = this.#panels.get(key);
    if (known !== undefined) {
      known.reveal();
      return;
    }
    // Its renderer is large, so it is loaded when needed.
    const { TranscriptPanel } = await import("./panel.ts");
    const panel = new TranscriptPanel(this.#runtime, {
      folder,
      executionId,
      title: this.#title(executionId),
    });
    this.#panels.set(key, panel);
    panel.onDispose(() => this.#panels.delete(key));
    await panel.open();
  }

  async showPrompt(folder: string, executionId: string): Promise<void> {
    const uri = vscode.Uri.from({
      scheme: schemes.prompt,
      path: `/${this.#title(executionId).replace(/[/\\?#]/g, " ")}.md`,
      query: new URLSearchParams({ folder, execution_id: executionId }).toString(),
    });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  dispose(): void {
    this.#prompts.dispose();
    for (const panel of this.#panels.values()) panel.dispose();
  }

  #title(executionId: string): string {
    const summary = this.#sidebar.model.executions.get(executionId)?.summary;
    return summary === undefined
      ? vscode.l10n.t("Transcript {0}", executionId.slice(0, 8))
      : vscode.l10n.t("{0}, {1}, round {2}", summary.agent_name, summary.stage, summary.round);
  }

  async #readPrompt(uri: vscode.Uri): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const params = { execution_id: query.get("execution_id") ?? "" };
    const folder = query.get("folder") ?? "";
    const [{ entries }, { metadata }] = await Promise.all([
      this.#runtime.call("executions/transcript", params, folder),
      this.#runtime.call("executions/get", params, folder),
    ]);
    const prompt = entries.find((entry) => entry.type === "prompt");
    if (prompt === undefined) return vscode.l10n.t("Nothing has been sent yet.");
    const { context_reasons = [], context_left_out } = metadata;
    return [
      promptText(prompt),
      reasonsText(context_reasons, vscode.l10n.t("why each item is in the context")),
      reasonsText(context_left_out, vscode.l10n.t("not in the context")),
    ].join("\n");
  }
}
