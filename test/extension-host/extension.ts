import assert from "node:assert/strict";
import { join } from "node:path";
import * as vscode from "vscode";
import type { ExtensionApi } from "../../client/extension.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import { loadScript } from "../../server/rehearsal/script.ts";
import { REHEARSAL_MODEL, startRehearsal } from "../../server/rehearsal/server.ts";
import { shortScript, shortTeam } from "../support/short-team.ts";

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

/**
 * Lets the short team make the rehearsal's change to the sample project; resolves with the id of its task.
 * The model is a scripted one, which the first call starts.
 */
export const makeChange = async (): Promise<string> => {
  const { runtime } = await extension().activate();
  const folder = workspaceFolder().uri.toString();
  const { team_id, provider } = await (shortRuns ??= prepareShortRuns());
  const finished = nextEvent("run.finished");
  const request = { team_id, file: "src/bill.js", task: "Round to whole cents", options: { provider } };
  await runtime.call("teams/execute", request, folder);
  const { task_id, status, error } = await finished;
  assert.equal(status, "Succeeded", error?.message);
  return task_id;
};
let shortRuns: ReturnType<typeof prepareShortRuns> | null = null;

const prepareShortRuns = async () => {
  const { runtime } = await extension().activate();
  const script = await loadScript(join(extension().extensionPath, "media", "rehearsal", "tdd.json"));
  const { endpoint } = await startRehearsal([shortScript(script)]);
  const team = { ...shortTeam, name: "short" };
  const { team_id } = await runtime.call("teams/create", team, workspaceFolder().uri.toString());
  return { team_id, provider: { Ollama: { model: REHEARSAL_MODEL, endpoint } } };
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
