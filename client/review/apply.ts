import * as vscode from "vscode";
import { exists, fileInFolder, isBehindLink } from "../folders.ts";
import type { Hunk } from "./hunks.ts";
import { planFile, type Plan } from "./plan.ts";
import type { Proposal } from "./proposal.ts";

/** The result for each file, by its path. */
export interface Applied {
  written: string[];
  /** The user's own edits were kept together with the agents'. */
  merged: string[];
  /** Nothing was written there. */
  conflicts: string[];
  /** Written files that could not be saved and are changed only in the editor. */
  unsaved: string[];
}

interface Step {
  proposal: Proposal;
  uri: vscode.Uri;
  source: vscode.Uri;
  plan: Plan;
}

/**
 * Writes the proposals into the workspace as one edit that a single undo reverts. Documents that were saved
 * before are saved again. Documents with unsaved text stay unsaved.
 */
export const applyProposals = async (folder: string, proposals: readonly Proposal[]): Promise<Applied> => {
  const steps = await Promise.all(proposals.map((proposal) => planStep(folder, proposal)));
  const dirty = new Set(
    vscode.workspace.textDocuments.filter(({ isDirty }) => isDirty).map(({ uri }) => uri.toString()),
  );
  const edit = new vscode.WorkspaceEdit();
  for (const step of steps) addToEdit(edit, step);
  if (edit.size > 0 && !(await vscode.workspace.applyEdit(edit)))
    throw new Error(vscode.l10n.t("the editor refused the change"));
  const unsaved = await saveAll(steps.filter(({ uri }) => !dirty.has(uri.toString())));

  const paths = (kept: (plan: Plan) => boolean) =>
    steps.filter(({ plan }) => kept(plan)).map(({ proposal }) => proposal.file.path);
  const isMerged = (plan: Plan) => plan.kind === "edit" && plan.merged;
  return {
    written: paths((plan) => plan.kind !== "conflict" && !isMerged(plan)),
    merged: paths(isMerged),
    conflicts: paths((plan) => plan.kind === "conflict"),
    unsaved,
  };
};

const planStep = async (folder: string, proposal: Proposal): Promise<Step> => {
  const { file, before, wanted } = proposal;
  const uri = fileInFolder(folder, file.path);
  const source = file.old_path === null ? uri : fileInFolder(folder, file.old_path);
  const current = await readText(source);
  const isLinked =
    (await isBehindLink(folder, file.path)) ||
    (file.old_path !== null && (await isBehindLink(folder, file.old_path)));
  const isOccupied = file.old_path !== null && (await readText(uri)) !== null;
  const plan: Plan =
    isOccupied || isLinked ? { kind: "conflict" } : planFile({ before, after: wanted, current });
  return { proposal, uri, source, plan };
};

/** The text of a file as the user sees it, including unsaved edits. Null if it does not exist. */
export const readText = async (uri: vscode.Uri): Promise<string | null> => {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open !== undefined) return open.getText();
  return (await exists(uri)) ? (await vscode.workspace.openTextDocument(uri)).getText() : null;
};

const addToEdit = (edit: vscode.WorkspaceEdit, { uri, source, plan, proposal }: Step): void => {
  if (plan.kind === "conflict") return;
  if (proposal.file.old_path !== null) edit.renameFile(source, uri);
  if (plan.kind === "create") edit.createFile(uri, { contents: new TextEncoder().encode(plan.text) });
  else if (plan.kind === "delete") edit.deleteFile(uri, { ignoreIfNotExists: true });
  else if (plan.kind === "edit") for (const hunk of plan.hunks) edit.replace(uri, rangeOf(hunk), hunk.text);
};

/** Whole lines. The range of the last one ends at the end of the document. */
const rangeOf = ({ old }: Hunk): vscode.Range => new vscode.Range(old.from, 0, old.to, 0);

/** Saves the edited files. Resolves with the paths that could not be saved. */
const saveAll = async (steps: readonly Step[]): Promise<string[]> => {
  const unsaved: string[] = [];
  for (const { uri, plan, proposal } of steps) {
    if (plan.kind !== "edit") continue;
    const document = await vscode.workspace.openTextDocument(uri);
    if (!(await document.save())) unsaved.push(proposal.file.path);
  }
  return unsaved;
};
