import * as vscode from "vscode";
import { editorCommands } from "../../schemas/editor.ts";
import type { Context } from "../context.ts";
import { nodeId } from "../tree/nodes.ts";
import { fileTarget, tell } from "./targets.ts";

/**
 * Rejects a lesson, from the code lens over it. Agents no longer get it, and the same feedback does not
 * restore it.
 */
export const rejectLesson = async ({ runtime }: Context, argument: unknown): Promise<void> => {
  const { lesson_id } = editorCommands["coditect.rejectLesson"].parse(argument);
  const target = fileTarget(argument);
  if (target === null) return;
  // Saves the user's unsaved text first, because the runtime reads the file from the disk.
  await (await vscode.workspace.openTextDocument(target.uri)).save();
  await runtime.call("lessons/reject", { lesson_id }, target.folder.uri.toString());
};

/** Shows the run that a lesson comes from, from the code lens over it. */
export const showRun = async ({ sidebar }: Context, argument: unknown): Promise<void> => {
  const { task_id } = editorCommands["coditect.showRun"].parse(argument);
  const target = fileTarget(argument);
  if (target === null) return;
  await sidebar.loadRun(target.folder.uri.toString(), task_id).catch(() => undefined);
  if (!sidebar.model.runs.has(task_id)) {
    tell(
      vscode.l10n.t(
        "The record of this run was removed. The retention settings decide how long runs are kept.",
      ),
    );
    return;
  }
  await sidebar.runs.reveal(nodeId.run(task_id), { select: true, focus: true, expand: true });
};
