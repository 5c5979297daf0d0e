import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { ExtensionApi } from "../../client/extension.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";

export const extensionId = "coditect.coditect-agents";

export const extension = (): vscode.Extension<ExtensionApi> => {
  const found = vscode.extensions.getExtension<ExtensionApi>(extensionId);
  assert.ok(found, `${extensionId} is not installed`);
  return found;
};

export const workspaceFolder = (): vscode.WorkspaceFolder => {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder);
  return folder;
};

export const useProvider = (provider: string | undefined): Thenable<void> =>
  vscode.workspace
    .getConfiguration("coditect")
    .update("model.provider", provider, vscode.ConfigurationTarget.Global);

type EventOf<Type extends RuntimeEvent["type"]> = Extract<RuntimeEvent, { type: Type }>;

/** The next event of a type; ask before doing what causes it. */
export const nextEvent = async <Type extends RuntimeEvent["type"]>(type: Type): Promise<EventOf<Type>> => {
  const { runtime } = await extension().activate();
  const { promise, resolve } = Promise.withResolvers<EventOf<Type>>();
  const subscription = runtime.onEvent(({ event }) => {
    if (event.type !== type) return;
    subscription.dispose();
    // Its type was compared with the one the event is told by.
    resolve(event as EventOf<Type>);
  });
  return promise;
};

/** Takes the rehearsal through on the sample project; resolves with its task id. */
export const rehearse = async (): Promise<string> => {
  const finished = nextEvent("run.finished");
  await vscode.commands.executeCommand("coditect.runRehearsal");
  const { task_id, status, error } = await finished;
  assert.equal(status, "Succeeded", error?.message);
  return task_id;
};

export const fileUri = (path: string): vscode.Uri =>
  vscode.Uri.joinPath(workspaceFolder().uri, ...path.split("/"));

export const onDisk = async (path: string): Promise<string> =>
  new TextDecoder().decode(await vscode.workspace.fs.readFile(fileUri(path)));

/** Replaces the text of an open document, as typing does, without saving. */
export const type = async (
  document: vscode.TextDocument,
  change: (text: string) => string,
): Promise<void> => {
  const edit = new vscode.WorkspaceEdit();
  const whole = new vscode.Range(0, 0, document.lineCount, 0);
  edit.replace(document.uri, whole, change(document.getText()));
  assert.ok(await vscode.workspace.applyEdit(edit));
};
