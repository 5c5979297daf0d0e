import * as vscode from "vscode";
import { itemText } from "../../schemas/plain-text.ts";
import { askModal } from "../say.ts";
import type { Context } from "../context.ts";
import type { Applied } from "../review/apply.ts";
import { reviewedFile, type ReviewedFile } from "../review/documents.ts";
import { hunkAt, type Hunk } from "../review/hunks.ts";
import { hasPendingChanges } from "../tree/model.ts";
import { nodeOf, runTarget, tell } from "./targets.ts";

interface ChangesTarget {
  folder: string;
  task_id: string;
}

/**
 * The run whose changes the command uses: that of the node or the active diff, or one that the user picks.
 */
const changesTarget = async (context: Context, argument: unknown): Promise<ChangesTarget | null> => {
  if (nodeOf(argument) === null && context.review.shown !== null) return context.review.shown;
  return runTarget(context, argument, hasPendingChanges, vscode.l10n.t("There are no changes to review."));
};

/** The changed file of a node, of the document whose menu was opened, or of the active document. */
const fileOf = ({ sidebar }: Context, argument: unknown): ReviewedFile | null => {
  const node = nodeOf(argument);
  if (node?.kind === "file") {
    const run = sidebar.model.runs.get(node.task_id);
    return run === undefined ? null : { folder: run.folder, task_id: node.task_id, path: node.path };
  }
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  return uri === undefined ? null : reviewedFile(uri);
};

export const reviewChanges = async (context: Context, argument: unknown): Promise<void> => {
  const target = await changesTarget(context, argument);
  if (target !== null) await context.review.open(target.folder, target.task_id);
};

export const openChange = async (context: Context, argument: unknown): Promise<void> => {
  const file = fileOf(context, argument);
  if (file === null) sayNoFile();
  else await context.review.openFile(file);
};

export const acceptAll = async (context: Context, argument: unknown): Promise<void> => {
  const target = await changesTarget(context, argument);
  if (target !== null) sayResult(await context.review.accept(target.folder, target.task_id, null));
};

export const discardAll = async (context: Context, argument: unknown): Promise<void> => {
  const target = await changesTarget(context, argument);
  if (target === null) return;
  const discard = vscode.l10n.t("Discard All");
  const answer = await askModal(
    vscode.l10n.t("Discard every change of this run that you have not accepted?"),
    vscode.l10n.t("The run keeps its record, and your files do not change."),
    discard,
  );
  if (answer === discard) await context.review.discard(target.folder, target.task_id, null);
};

export const acceptFile = async (context: Context, argument: unknown): Promise<void> => {
  const file = fileOf(context, argument);
  if (file === null) sayNoFile();
  else sayResult(await context.review.accept(file.folder, file.task_id, [file.path]));
};

export const discardFile = async (context: Context, argument: unknown): Promise<void> => {
  const file = fileOf(context, argument);
  if (file === null) sayNoFile();
  else await context.review.discard(file.folder, file.task_id, [file.path]);
};

const sayNoFile = (): void => {
  tell(vscode.l10n.t("Open one of the changed files of a run first."));
};

/** The remaining work for the user. */
const sayResult = ({ conflicts, unsaved }: Applied): void => {
  if (conflicts.length > 0)
    tell(
      vscode.l10n.t(
        "{0} changed since the run began, and the changes overlap. Nothing was overwritten. Merge the file by hand.",
        conflicts.join(", "),
      ),
    );
  if (unsaved.length > 0)
    tell(
      vscode.l10n.t(
        "{0} could not be saved. The change is in its editor: save it there, or undo it.",
        unsaved.join(", "),
      ),
    );
};

/** The hunk at the line of the gutter menu, or at the cursor. */
const hunkTarget = async (
  context: Context,
  argument: unknown,
): Promise<{ file: ReviewedFile; hunk: Hunk } | null> => {
  const inGutter = gutterOf(argument);
  const file = fileOf(context, inGutter?.uri ?? argument);
  if (file === null) {
    sayNoFile();
    return null;
  }
  const line = inGutter?.line ?? vscode.window.activeTextEditor?.selection.active.line ?? 0;
  const hunk = hunkAt(await context.review.hunks(file), line);
  if (hunk !== null) return { file, hunk };
  tell(vscode.l10n.t("There is no change at this line."));
  return null;
};

const gutterOf = (argument: unknown): { uri: vscode.Uri; line: number } | null =>
  typeof argument === "object" &&
  argument !== null &&
  "uri" in argument &&
  argument.uri instanceof vscode.Uri &&
  "lineNumber" in argument &&
  typeof argument.lineNumber === "number"
    ? { uri: argument.uri, line: argument.lineNumber - 1 }
    : null;

export const acceptHunk = async (context: Context, argument: unknown): Promise<void> => {
  const target = await hunkTarget(context, argument);
  if (target !== null) sayResult(await context.review.acceptHunks(target.file, [target.hunk]));
};

export const discardHunk = async (context: Context, argument: unknown): Promise<void> => {
  const target = await hunkTarget(context, argument);
  if (target !== null) await context.review.discardHunks(target.file, [target.hunk]);
};

/** Lists all hunks of a file. Selected hunks are accepted, and the others stay open. */
export const chooseHunks = async (context: Context, argument: unknown): Promise<void> => {
  const file = fileOf(context, argument);
  if (file === null) {
    sayNoFile();
    return;
  }
  const hunks = await context.review.hunks(file);
  if (hunks.length === 0) {
    tell(vscode.l10n.t("{0} can only be accepted or discarded as a whole.", file.path));
    return;
  }
  const picked = await vscode.window.showQuickPick(
    hunks.map((hunk) => ({
      label: vscode.l10n.t("Line {0}", hunk.new.from + 1),
      description: itemText(hunk.text.split("\n", 1)[0]?.trim() ?? ""),
      detail: `+${hunk.new.to - hunk.new.from} −${hunk.old.to - hunk.old.from}`,
      picked: true,
      hunk,
    })),
    { title: file.path, placeHolder: vscode.l10n.t("Select the hunks to accept"), canPickMany: true },
  );
  if (picked === undefined || picked.length === 0) return;
  sayResult(
    await context.review.acceptHunks(
      file,
      picked.map(({ hunk }) => hunk),
    ),
  );
};
