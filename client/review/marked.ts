import * as vscode from "vscode";
import { askModal } from "../say.ts";
import { markTexts } from "./mark-text.ts";
import type { Proposal } from "./proposal.ts";

/** The reason why a changed file is reviewed separately, as text. Empty: it is not. */
const reasonsOf = ({ file }: Proposal): string => markTexts(file.marks ?? [], vscode.l10n).join(", ");

/**
 * The files that "all files" includes: without files that run programs or direct tools, unless the user
 * confirms exactly these files.
 */
export const withoutMarked = async (
  proposals: readonly Proposal[],
  isAsked: boolean,
): Promise<readonly Proposal[]> => {
  const marked = proposals.filter((proposal) => reasonsOf(proposal) !== "");
  if (marked.length === 0) return proposals;
  const rest = proposals.filter((proposal) => !marked.includes(proposal));
  if (!isAsked) return rest;
  const every = vscode.l10n.t("Accept These Too");
  const others = vscode.l10n.t("Accept Only the Others");
  const answer = await askModal(
    vscode.l10n.t("Review these files separately."),
    marked.map((proposal) => `${proposal.file.path}: ${reasonsOf(proposal)}`).join("\n"),
    every,
    others,
  );
  if (answer === undefined) throw new vscode.CancellationError();
  return answer === every ? proposals : rest;
};
