import * as vscode from "vscode";
import type { StartRequest } from "../commands/start.ts";
import type { Context } from "../context.ts";
import { participantId } from "../contributions.ts";
import { markdownText } from "../../schemas/plain-text.ts";
import { folderOf, pathInFolder } from "../folders.ts";
import { nodeId } from "../tree/nodes.ts";
import type { Outcome } from "./summary.ts";

/** `@coditect` in chat: runs a team, shows its stages as progress, and links to its changes. */
export const registerChat = (context: Context): vscode.ChatParticipant => {
  const participant = vscode.chat.createChatParticipant(participantId, async (request, _, stream, token) => {
    const [{ workThrough }, { summarise }] = await Promise.all([import("./work.ts"), import("./summary.ts")]);
    const start = startRequest(request);
    if (typeof start === "string") {
      stream.markdown(start);
      return;
    }
    const tell = (line: string): void => {
      stream.progress(line);
    };
    let outcome: Outcome;
    try {
      const name = request.command === undefined ? "@coditect" : `@coditect /${request.command}`;
      outcome = await workThrough(context, name, start, tell, token);
    } catch (error) {
      // Chat also renders the message of an error as Markdown.
      if (error instanceof vscode.CancellationError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      return { errorDetails: { message: markdownText(message) } };
    }
    stream.markdown(summarise(outcome, vscode.l10n));
    if (outcome.end.changes.length > 0)
      stream.button({
        command: "coditect.reviewChanges",
        title: vscode.l10n.t("Review Changes"),
        arguments: [nodeId.run(outcome.run.task_id)],
      });
  });
  participant.iconPath = new vscode.ThemeIcon("beaker");
  return participant;
};

/** The run that a chat request asks for, or an answer instead. */
const startRequest = ({ command, prompt, references }: vscode.ChatRequest): StartRequest | string => {
  const referenced = references
    .map(({ value }) => (value instanceof vscode.Location ? value.uri : value))
    .find((value) => value instanceof vscode.Uri);
  const uri = referenced ?? vscode.window.activeTextEditor?.document.uri;
  const folder = (uri === undefined ? null : folderOf(uri)) ?? vscode.workspace.workspaceFolders?.[0];
  if (!vscode.workspace.isTrusted) return vscode.l10n.t("Teams run only in trusted workspaces.");
  if (folder === undefined) return vscode.l10n.t("Open a folder first: agents work on its files.");
  const file = uri !== undefined && folderOf(uri) === folder ? pathInFolder(folder, uri) : null;
  const task = prompt.trim();
  switch (command) {
    case "fix":
      return task === ""
        ? vscode.l10n.t("What goes wrong? Describe it after /fix.")
        : { folder, team: "bug-fix", task, file };
    case "adr":
      return task === ""
        ? vscode.l10n.t("Which requirements need a decision? Write them after /adr.")
        : { folder, team: "architecture", task };
    case "review":
      return file === null
        ? vscode.l10n.t("Open the file to review.")
        : { folder, team: "review", task, file };
    default:
      return file === null
        ? vscode.l10n.t("Open or attach the file that the team should work on.")
        : { folder, team: "tdd", task, file };
  }
};
