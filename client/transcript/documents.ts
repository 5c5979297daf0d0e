import * as vscode from "vscode";
import type { RuntimeEvent } from "../../schemas/events.ts";
import { schemes } from "../contributions.ts";
import type { FolderEvent, RuntimeClient } from "../runtime/api.ts";
import type { Sidebar } from "../sidebar.ts";
import { addEntries, addText, emptyTranscript, renderTranscript, type LiveTranscript } from "./live.ts";
import { renderPrompt } from "./render.ts";

const REDRAW_MS = 100;

/** Executions as read-only documents; an open transcript grows while its execution runs. */
export interface Transcripts {
  show(folder: string, executionId: string): Promise<void>;
  showPrompt(folder: string, executionId: string): Promise<void>;
  dispose(): void;
}

interface OpenDocument {
  transcript: LiveTranscript;
  /** Reads run one after the other, so that no entry is taken in twice. */
  reading: Promise<void>;
}

export const createTranscripts = (runtime: RuntimeClient, sidebar: Sidebar): Transcripts => {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const open = new Map<string, OpenDocument>();
  const pending = new Set<string>();
  const rangesAsked = new vscode.EventEmitter<vscode.Uri>();

  const titleOf = (executionId: string): string => {
    const summary = sidebar.model.executions.get(executionId)?.summary;
    return summary === undefined
      ? vscode.l10n.t("Transcript {0}", executionId.slice(0, 8))
      : vscode.l10n.t("{0}, {1}, round {2}", summary.agent_name, summary.stage, summary.round);
  };
  const uriOf = (scheme: string, folder: string, executionId: string): vscode.Uri =>
    vscode.Uri.from({
      scheme,
      path: `/${titleOf(executionId).replace(/[/\\?#]/g, " ")}.md`,
      query: new URLSearchParams({ folder, execution_id: executionId }).toString(),
    });

  const readMore = async (uri: vscode.Uri, document: OpenDocument): Promise<void> => {
    const { folder, execution_id } = identify(uri);
    for (;;) {
      const { transcript } = document;
      const answer = await runtime.call(
        "executions/transcript",
        { execution_id, from: transcript.next },
        folder,
      );
      addEntries(transcript, answer.entries, answer.next, vscode.l10n);
      if (answer.entries.length === 0) return;
    }
  };
  const documentOf = (uri: vscode.Uri): OpenDocument => {
    const known = open.get(uri.toString());
    if (known !== undefined) return known;
    const document: OpenDocument = { transcript: emptyTranscript(), reading: Promise.resolve() };
    document.reading = readMore(uri, document);
    open.set(uri.toString(), document);
    return document;
  };
  const redraw = (uri: vscode.Uri) => {
    const key = uri.toString();
    if (pending.has(key)) return;
    pending.add(key);
    setTimeout(() => {
      pending.delete(key);
      changed.fire(uri);
    }, REDRAW_MS);
  };

  const follow = ({ event }: FolderEvent) => {
    const executionId = executionOf(event);
    if (executionId === null) return;
    for (const [key, document] of open) {
      const uri = vscode.Uri.parse(key);
      if (identify(uri).execution_id !== executionId) continue;
      if (event.type === "model.text") addText(document.transcript, event);
      else document.reading = document.reading.then(() => readMore(uri, document)).catch(() => undefined);
      void document.reading.then(() => {
        redraw(uri);
      });
    }
  };

  const subscriptions = [
    changed,
    rangesAsked,
    runtime.onEvent(follow),
    vscode.workspace.registerTextDocumentContentProvider(schemes.transcript, {
      onDidChange: changed.event,
      provideTextDocumentContent: async (uri) => {
        const document = documentOf(uri);
        await document.reading;
        return renderTranscript(titleOf(identify(uri).execution_id), document.transcript).text;
      },
    }),
    vscode.workspace.registerTextDocumentContentProvider(schemes.prompt, {
      provideTextDocumentContent: async (uri) => {
        const { folder, execution_id } = identify(uri);
        const { entries } = await runtime.call("executions/transcript", { execution_id }, folder);
        const prompt = entries.find((entry) => entry.type === "prompt");
        return prompt === undefined ? vscode.l10n.t("Nothing has been sent yet.") : renderPrompt(prompt);
      },
    }),
    vscode.languages.registerFoldingRangeProvider(
      { scheme: schemes.transcript },
      {
        provideFoldingRanges: ({ uri }) => {
          rangesAsked.fire(uri);
          return foldsOf(uri).map(({ start, end }) => new vscode.FoldingRange(start, end));
        },
      },
    ),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => open.delete(uri.toString())),
  ];
  const foldsOf = (uri: vscode.Uri) =>
    renderTranscript("", open.get(uri.toString())?.transcript ?? emptyTranscript()).folds;

  const showDocument = async (uri: vscode.Uri): Promise<vscode.TextEditor> => {
    const document = await vscode.workspace.openTextDocument(uri);
    return vscode.window.showTextDocument(document, { preview: true });
  };
  return {
    show: async (folder, executionId) => {
      const uri = uriOf(schemes.transcript, folder, executionId);
      const editor = await showDocument(uri);
      await foldWhenKnown(editor, foldsOf(uri), rangesAsked.event);
    },
    showPrompt: async (folder, executionId) => {
      await showDocument(uriOf(schemes.prompt, folder, executionId));
    },
    dispose: () => {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
};

/**
 * Shows these lines folded. VS Code asks for folding ranges again when another extension has
 * ranges for Markdown too, and forgets the state of ours: then they are folded again.
 */
const foldWhenKnown = async (
  editor: vscode.TextEditor,
  folds: readonly { start: number }[],
  asked: vscode.Event<vscode.Uri>,
): Promise<void> => {
  const [first] = folds;
  if (first === undefined) return;
  const selectionLines = folds.map(({ start }) => start);
  const isOpen = () =>
    editor.visibleRanges.some(({ start, end }) => start.line <= first.start && first.start < end.line);
  const fold = async () => {
    if (vscode.window.activeTextEditor !== editor || !isOpen()) return;
    await vscode.commands.executeCommand("editor.fold", { selectionLines, levels: 1, direction: "down" });
  };
  const stop = vscode.Disposable.from(
    asked((uri) => {
      if (uri.toString() === editor.document.uri.toString()) void fold();
    }),
    vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
      if (textEditor === editor && !isOpen()) stop.dispose();
    }),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
      if (textEditor === editor && kind !== undefined) stop.dispose();
    }),
    vscode.window.onDidChangeActiveTextEditor((active) => {
      if (active !== editor) stop.dispose();
    }),
  );
  await fold();
};

const identify = (uri: vscode.Uri): { folder: string; execution_id: string } => {
  const query = new URLSearchParams(uri.query);
  return { folder: query.get("folder") ?? "", execution_id: query.get("execution_id") ?? "" };
};

/** Whose transcript an event adds to. */
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
