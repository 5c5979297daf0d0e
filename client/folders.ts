import * as vscode from "vscode";

/** The workspace folder of a URI; null outside of any. */
export const folderOf = (uri: vscode.Uri): vscode.WorkspaceFolder | null =>
  vscode.workspace.getWorkspaceFolder(uri) ?? null;

export const folderByUri = (folder: string): vscode.WorkspaceFolder | null =>
  vscode.workspace.workspaceFolders?.find(({ uri }) => uri.toString() === folder) ?? null;

/** Path of a file inside its folder, with `/`, as the contract wants it. */
export const pathInFolder = (folder: vscode.WorkspaceFolder, uri: vscode.Uri): string =>
  uri.path.slice(folder.uri.path.replace(/\/$/, "").length + 1);

export const fileInFolder = (folder: string, path: string): vscode.Uri =>
  vscode.Uri.joinPath(vscode.Uri.parse(folder), ...path.split("/"));

/** The only folder, or the one the user picks; null when there is none, or they pick none. */
export const pickFolder = async (): Promise<vscode.WorkspaceFolder | null> => {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length <= 1) return folders[0] ?? null;
  const active = vscode.window.activeTextEditor?.document.uri;
  const ofEditor = active === undefined ? null : folderOf(active);
  return ofEditor ?? (await vscode.window.showWorkspaceFolderPick()) ?? null;
};

/** Folders in which agents have worked before: those whose state was kept. */
export const foldersWithState = async (): Promise<vscode.WorkspaceFolder[]> => {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const found = await Promise.all(
    folders.map(async ({ uri }) => {
      const state = vscode.Uri.joinPath(uri, ".coditect", "state");
      return vscode.workspace.fs.stat(state).then(
        () => true,
        () => false,
      );
    }),
  );
  return folders.filter((_, index) => found[index] === true);
};
