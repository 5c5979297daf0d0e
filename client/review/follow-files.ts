import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { presentState } from "../../schemas/change-outcome.ts";
import type { ChangedFile, PresentState } from "../../schemas/changes.ts";
import { fileInFolder, folderOf, pathInFolder } from "../folders.ts";
import type { Touch } from "../tree/fold.ts";
import type { Model, RunRecord } from "../tree/model.ts";
import { nodeId } from "../tree/nodes.ts";

/** A checkout changes many files at once, so they are checked together. */
const SETTLE_MS = 150;

export interface FileFollower {
  /** Checks all changed files of a run. Called after its changes were read or decided. */
  look(run: RunRecord): void;
  dispose(): void;
}

/**
 * Keeps the rows of changed files up to date: whether the proposal of a run is in the file, was undone, or
 * was changed since. Unsaved text counts, because it is what the user sees.
 */
export const followFiles = (model: Model, touch: Touch): FileFollower => {
  /** Files (`folder path`) and runs to check. */
  const files = new Set<string>();
  const runs = new Set<string>();
  let timer: NodeJS.Timeout | null = null;

  const lookAt = async (run: RunRecord, file: ChangedFile): Promise<void> => {
    const state = await stateNow(run.folder, file);
    // The run may have been loaded again meanwhile.
    const present = model.runs.get(run.task_id)?.present;
    if (present === undefined || present.get(file.path) === state) return;
    present.set(file.path, state);
    touch(nodeId.changes(run.task_id));
  };
  const flush = async (): Promise<void> => {
    timer = null;
    const isDue = (run: RunRecord, { path, old_path }: ChangedFile) =>
      runs.has(run.task_id) || files.has(`${run.folder} ${path}`) || files.has(`${run.folder} ${old_path}`);
    const due = [...model.runs.values()].flatMap((run) =>
      run.changes.filter((file) => isDue(run, file)).map((file) => ({ run, file })),
    );
    runs.clear();
    files.clear();
    for (const { run, file } of due) await lookAt(run, file);
  };
  const schedule = () => {
    timer ??= setTimeout(() => void flush(), SETTLE_MS);
  };
  const onFile = (uri: vscode.Uri) => {
    const folder = folderOf(uri);
    if (folder === null || model.runs.size === 0) return;
    files.add(`${folder.uri.toString()} ${pathInFolder(folder, uri)}`);
    schedule();
  };
  const watcher = vscode.workspace.createFileSystemWatcher("**/*");
  const subscriptions = [
    watcher,
    watcher.onDidChange(onFile),
    watcher.onDidCreate(onFile),
    watcher.onDidDelete(onFile),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      onFile(document.uri);
    }),
  ];
  return {
    look: (run) => {
      runs.add(run.task_id);
      schedule();
    },
    dispose: () => {
      if (timer !== null) clearTimeout(timer);
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
};

const BYTE_ORDER_MARK = "\uFEFF";

/** The hash of the text in an editor with unsaved edits, otherwise of the bytes on the disk. */
const stateNow = async (folder: string, file: ChangedFile): Promise<PresentState> => {
  const uri = fileInFolder(folder, file.path);
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open?.isDirty === true) {
    const states = ["", BYTE_ORDER_MARK].map((mark) =>
      presentState(file, hashOf(Buffer.from(mark + open.getText()))),
    );
    return states.find((state) => state !== "Other") ?? "Other";
  }
  const bytes = await vscode.workspace.fs.readFile(uri).then(
    (read) => read,
    () => null,
  );
  return presentState(file, bytes === null ? null : hashOf(bytes));
};

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
