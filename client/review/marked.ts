import * as vscode from "vscode";
import type { ChangeMark } from "../../schemas/changes.ts";
import { askModal } from "../say.ts";
import type { Proposal } from "./proposal.ts";

const words: Record<ChangeMark, string> = {
  executes: vscode.l10n.t("it is executed"),
  steers: vscode.l10n.t("it configures agents or tools"),
  invisible: vscode.l10n.t("it has invisible characters"),
};

/** Why a changed file needs a look of its own, in words; null: it needs none. */
const markText = (marks: readonly ChangeMark[] = []): string | null =>
  marks.length === 0 ? null : marks.map((mark) => words[mark]).join(", ");

/**
 * What of "all files" is accepted: without those that something runs or that steer tools, unless the user
 * says so of these very files.
 */
export const withoutMarked = async (
  proposals: readonly Proposal[],
  isAsked: boolean,
): Promise<readonly Proposal[]> => {
  const marked = proposals.filter(({ file }) => markText(file.marks) !== null);
  if (marked.length === 0) return proposals;
  const rest = proposals.filter((proposal) => !marked.includes(proposal));
  if (!isAsked) return rest;
  const every = vscode.l10n.t("Accept These Too");
  const others = vscode.l10n.t("Accept Only the Others");
  const answer = await askModal(
    vscode.l10n.t("Review these files separately."),
    marked.map(({ file }) => `${file.path}: ${markText(file.marks) ?? ""}`).join("\n"),
    every,
    others,
  );
  if (answer === undefined) throw new vscode.CancellationError();
  return answer === every ? proposals : rest;
};
