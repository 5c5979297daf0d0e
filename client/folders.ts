import * as vscode from "vscode";
import { setting } from "./settings.ts";

/** The workspace folder of a URI. Null outside of all folders. */
export const folderOf = (uri: vscode.Uri): vscode.WorkspaceFolder | null =>
  vscode.workspace.getWorkspaceFolder(uri) ?? null;

export const folderByUri = (folder: string): vscode.WorkspaceFolder | null =>
  vscode.workspace.workspaceFolders?.find(({ uri }) => uri.toString() === folder) ?? null;

/** Path of a file inside its folder, with `/`, as the contract requires. */
export const pathInFolder = (folder: vscode.WorkspaceFolder, uri: vscode.Uri): string =>
  uri.path.slice(folder.uri.path.replace(/\/$/, "").length + 1);

export const fileInFolder = (folder: string, path: string): vscode.Uri =>
  vscode.Uri.joinPath(vscode.Uri.parse(folder), ...path.split("/"));

/** The only folder, or the one that the user picks. Null if there is none, or the user picks none. */
export const pickFolder = async (): Promise<vscode.WorkspaceFolder | null> => {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length <= 1) return folders[0] ?? null;
  const active = vscode.window.activeTextEditor?.document.uri;
  const ofEditor = active === undefined ? null : folderOf(active);
  return ofEditor ?? (await vscode.window.showWorkspaceFolderPick()) ?? null;
};

/**
 * Folders in which agents have worked before: folders with a stored state. `storage`: the editor's own
 * storage for this workspace, which the setting can select.
 */
export const foldersWithState = async (
  storage: vscode.Uri | undefined,
): Promise<vscode.WorkspaceFolder[]> => {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const kept = setting("state.location") === "editor" ? await entriesOf(storage) : null;
  const hasState = async ({ uri }: vscode.WorkspaceFolder): Promise<boolean> => {
    const name = uri.path.split("/").at(-1) ?? "";
    return (
      kept?.some((entry) => entry.startsWith(`${name}-`)) ??
      (await exists(vscode.Uri.joinPath(uri, ".coditect", "state")))
    );
  };
  const found = await Promise.all(folders.map(hasState));
  return folders.filter((_, index) => found[index] === true);
};

/** Whether the path to a file in the folder contains a link. Writing there would write elsewhere. */
export const isBehindLink = async (folder: string, path: string): Promise<boolean> => {
  const parts = path.split("/").map((_, index, all) => all.slice(0, index + 1).join("/"));
  for (const part of parts) {
    const found = await vscode.workspace.fs.stat(fileInFolder(folder, part)).then(
      ({ type }) => type,
      () => null,
    );
    if (found !== null && (found & vscode.FileType.SymbolicLink) !== 0) return true;
  }
  return false;
};

export const exists = (uri: vscode.Uri): Thenable<boolean> =>
  vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );

const entriesOf = async (folder: vscode.Uri | undefined): Promise<string[]> => {
  if (folder === undefined || !(await exists(folder))) return [];
  return (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
};
