import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { RuntimeClient } from "../runtime/api.ts";
import { addEntries, addText, emptyTranscript } from "./live.ts";
import { markdownOf } from "./markdown.ts";
import { blockHtml, streamingHtml, transcriptPage, type PageUpdate } from "./page.ts";

const REDRAW_MS = 100;

interface Shown {
  folder: string;
  executionId: string;
  title: string;
}

/** The page of one execution. It grows while the execution runs. */
export class TranscriptPanel implements vscode.Disposable {
  readonly #runtime: RuntimeClient;
  readonly #shown: Shown;
  readonly #panel: vscode.WebviewPanel;
  readonly #transcript = emptyTranscript();
  readonly #following: vscode.Disposable;
  /** Reads run one after the other, so that no entry is added twice. */
  #reading: Promise<void>;
  /** The blocks of the page. */
  #sent = 0;
  #redraw: NodeJS.Timeout | null = null;

  constructor(runtime: RuntimeClient, shown: Shown) {
    this.#runtime = runtime;
    this.#shown = shown;
    this.#panel = vscode.window.createWebviewPanel(
      "coditect.transcript",
      shown.title,
      { viewColumn: vscode.ViewColumn.Active, preserveFocus: false },
      {
        enableScripts: true,
        enableFindWidget: true,
        // Opened parts and the scroll position must be kept while another tab is active.
        retainContextWhenHidden: true,
        localResourceRoots: [],
      },
    );
    this.#reading = this.#read();
    this.#following = vscode.Disposable.from(
      runtime.onEvent(({ folder, event }) => {
        if (folder === shown.folder && executionOf(event) === shown.executionId) this.#follow(event);
      }),
      this.#panel.webview.onDidReceiveMessage((message) => {
        if (message === "copy") void this.#copy();
      }),
    );
    this.#panel.onDidDispose(() => {
      this.#following.dispose();
      if (this.#redraw !== null) clearTimeout(this.#redraw);
    });
  }

  onDispose(listener: () => void): void {
    this.#panel.onDidDispose(listener);
  }

  /** Shows the transcript so far. Errors: those of reading it. In that case, the page is closed. */
  async open(): Promise<void> {
    try {
      await this.#reading;
    } catch (error) {
      this.dispose();
      throw error;
    }
    const copy = vscode.l10n.t("Copy as Markdown");
    const nonce = randomBytes(18).toString("base64url");
    this.#panel.webview.html = transcriptPage(this.#shown.title, copy, this.#takeUpdate(), nonce);
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#panel.dispose();
  }

  async #read(): Promise<void> {
    const { executionId: execution_id, folder } = this.#shown;
    for (;;) {
      const from = this.#transcript.next;
      const answer = await this.#runtime.call("executions/transcript", { execution_id, from }, folder);
      addEntries(this.#transcript, answer.entries, answer.next, vscode.l10n);
      if (answer.entries.length === 0) return;
    }
  }

  #follow(event: RuntimeEvent): void {
    if (event.type === "model.text") addText(this.#transcript, event);
    // If it cannot be read now, the next event continues from the same position.
    else this.#reading = this.#reading.then(() => this.#read()).catch(() => undefined);
    this.#redraw ??= setTimeout(() => {
      this.#redraw = null;
      void this.#reading.then(() => this.#panel.webview.postMessage(this.#takeUpdate()));
    }, REDRAW_MS);
  }

  #takeUpdate(): PageUpdate {
    const { blocks, streaming } = this.#transcript;
    const added = blocks.slice(this.#sent);
    this.#sent = blocks.length;
    return { blocks: added.map(blockHtml).join("\n"), streaming: streamingHtml(streaming?.text ?? "") };
  }

  async #copy(): Promise<void> {
    await vscode.env.clipboard.writeText(markdownOf(this.#shown.title, this.#transcript.blocks));
    vscode.window.setStatusBarMessage(vscode.l10n.t("The transcript was copied."), 3000);
  }
}

/** The execution whose transcript an event adds to. */
const executionOf = (event: RuntimeEvent): string | null => {
  switch (event.type) {
    case "model.text":
    case "model.usage":
    case "tool.called":
    case "gate.proved":
      return event.execution_id;
    case "execution.changed":
      return event.execution.execution_id;
    default:
      return null;
  }
};
