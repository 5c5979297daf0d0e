import * as vscode from "vscode";
import { z } from "zod";
import type { StartRequest } from "../commands/start.ts";
import { exists, folderOf, pathInFolder } from "../folders.ts";

/** Parsed, because a model can send anything. */
const ToolInput = z.object({ file: z.string().min(1).optional(), task: z.string().default("") });

/** Teams that need a written task, because they have no file to work on. */
const needsTask: ReadonlySet<string> = new Set(["bug-fix", "architecture"]);

/**
 * The run that a language model asks for. If it is not possible, the error tells the model what to change.
 */
export const toolRequest = async (team: string, given: unknown): Promise<StartRequest> => {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  if (first === undefined || !vscode.workspace.isTrusted)
    throw new Error(vscode.l10n.t("A trusted workspace folder is needed."));
  const { file, task } = ToolInput.parse(given);
  if (needsTask.has(team)) {
    if (task.trim() === "") throw new Error(vscode.l10n.t("Describe the task in `task`."));
  } else if (file === undefined) throw new Error(vscode.l10n.t("Set `file` to the file to work on."));
  if (file === undefined) return { folder: first, team, task };
  const place = await findFile(file);
  if (place === null) throw new Error(vscode.l10n.t("{0} is not in a folder of the workspace.", file));
  return { team, task, folder: place.folder, file: pathInFolder(place.folder, place.uri) };
};

/** A file by its absolute path, its path in a folder, or that with the folder's name before it. */
const findFile = async (
  file: string,
): Promise<{ folder: vscode.WorkspaceFolder; uri: vscode.Uri } | null> => {
  const path = file.replaceAll("\\", "/");
  const candidates = [
    vscode.Uri.file(path),
    ...(vscode.workspace.workspaceFolders ?? []).flatMap(({ uri, name }) => [
      vscode.Uri.joinPath(uri, path),
      ...(path.startsWith(`${name}/`) ? [vscode.Uri.joinPath(uri, path.slice(name.length + 1))] : []),
    ]),
  ];
  for (const uri of candidates) {
    const folder = folderOf(uri);
    if (folder !== null && (await exists(uri))) return { folder, uri };
  }
  return null;
};
