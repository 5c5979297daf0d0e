import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Command,
  type Diagnostic,
  type TextEdit,
  type WorkspaceEdit,
} from "vscode-languageserver/node";
import { DiagnosticData, type EditorCommand } from "../../../schemas/editor.ts";
import { EQUIVALENT_MUTANT, type Finding } from "../../../schemas/findings.ts";
import type { Localizer } from "../../../schemas/localizer.ts";
import { rangeOfText } from "./diagnostics.ts";
import type { Documents } from "./documents.ts";
import type { FolderSession } from "./folder-session.ts";
import type { Placed } from "./locate.ts";

/** Whether the editor can preview an edit. */
export interface ActionContext {
  documents: Documents;
  canPreview: boolean;
  /** The available commands. */
  commands: ReadonlySet<EditorCommand>;
  l10n: Localizer;
}

/**
 * The edit of a stored fix in the current text. `null` if the text that it replaces does not occur exactly
 * once.
 */
const editOf = (finding: Finding, text: string): TextEdit | null => {
  const range = finding.fix === null ? null : rangeOfText(text, finding.fix.old_text);
  return finding.fix === null || range === null ? null : { range, newText: finding.fix.new_text };
};

const isBefore = (a: TextEdit["range"]["start"], b: TextEdit["range"]["start"]): boolean =>
  a.line < b.line || (a.line === b.line && a.character < b.character);

/** Edits in the order of the text. Leaves out edits that overlap an earlier one. */
const withoutOverlap = (edits: readonly TextEdit[]): TextEdit[] => {
  const kept: TextEdit[] = [];
  for (const edit of edits.toSorted((a, b) => (isBefore(a.range.start, b.range.start) ? -1 : 1))) {
    const last = kept.at(-1);
    if (last === undefined || !isBefore(edit.range.start, last.range.end)) kept.push(edit);
  }
  return kept;
};

const PREVIEW = "coditect.preview";

const workspaceEdit = (
  documents: Documents,
  files: readonly { uri: string; edits: readonly TextEdit[] }[],
  preview: string | null,
): WorkspaceEdit => ({
  documentChanges: files.map(({ uri, edits }) => ({
    textDocument: { uri, version: documents.get(uri)?.version ?? null },
    edits: edits.map((edit) => (preview === null ? edit : { ...edit, annotationId: PREVIEW })),
  })),
  ...(preview !== null && { changeAnnotations: { [PREVIEW]: { label: preview, needsConfirmation: true } } }),
});

const fixActions = async (
  session: FolderSession,
  { finding }: Placed,
  diagnostic: Diagnostic,
  { documents, canPreview, l10n }: ActionContext,
): Promise<CodeAction[]> => {
  const uri = documents.uri(session.folder, finding.path);
  const edit = editOf(finding, (await documents.text(session.folder, finding.path)) ?? "");
  if (edit === null) return [];
  const action = (title: string, preview: string | null): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    isPreferred: preview === null,
    edit: workspaceEdit(documents, [{ uri, edits: [edit] }], preview),
  });
  return [
    action(l10n.t("Fix: {0}", finding.title), null),
    ...(canPreview ? [action(l10n.t("Preview fix: {0}", finding.title), finding.title)] : []),
  ];
};

/** All stored fixes of a category at once, in all files of the folder. */
const fixAllAction = async (
  { folder, findings }: FolderSession,
  category: string,
  diagnostic: Diagnostic,
  { documents, l10n }: ActionContext,
): Promise<CodeAction[]> => {
  const all = findings.ofCategory(category).map(({ finding }) => finding);
  const files: { uri: string; edits: TextEdit[] }[] = [];
  for (const path of new Set(all.map((finding) => finding.path))) {
    const text = (await documents.text(folder, path)) ?? "";
    const edits = all.filter((finding) => finding.path === path).map((finding) => editOf(finding, text));
    const kept = withoutOverlap(edits.filter((edit) => edit !== null));
    if (kept.length > 0) files.push({ uri: documents.uri(folder, path), edits: kept });
  }
  const count = files.reduce((sum, { edits }) => sum + edits.length, 0);
  if (count < 2) return [];
  const title = l10n.t("Fix all {0} of {1}", count, category);
  const edit = workspaceEdit(documents, files, null);
  return [{ title, kind: CodeActionKind.QuickFix, diagnostics: [diagnostic], edit }];
};

const commandActions = (
  uri: string,
  finding: Finding,
  diagnostic: Diagnostic,
  { commands, l10n }: ActionContext,
): CodeAction[] => {
  const titles: [EditorCommand, string][] = [
    ["coditect.fixFinding", l10n.t("Fix with Coder")],
    ["coditect.explainFinding", l10n.t("Explain")],
    ["coditect.dismissFinding", l10n.t("Dismiss…")],
    ["coditect.confirmFinding", l10n.t("Confirm That the Mutant Makes No Difference")],
  ];
  const isArgued = finding.category === EQUIVALENT_MUTANT;
  return titles
    .filter(([name]) => commands.has(name) && (isArgued || name !== "coditect.confirmFinding"))
    .map(([name, title]) => {
      const command: Command = {
        title,
        command: name,
        arguments: [{ uri, finding_id: finding.finding_id }],
      };
      return { title, kind: CodeActionKind.QuickFix, diagnostics: [diagnostic], command };
    });
};

/** The actions for the findings at the cursor. */
export const codeActions = async (
  session: FolderSession,
  { textDocument, context }: Pick<CodeActionParams, "textDocument" | "context">,
  actions: ActionContext,
): Promise<CodeAction[]> => {
  const isWanted = context.only?.every((kind) => !CodeActionKind.QuickFix.startsWith(kind)) !== true;
  if (!isWanted) return [];
  const offered: CodeAction[] = [];
  for (const diagnostic of context.diagnostics) {
    const data = DiagnosticData.safeParse(diagnostic.data);
    const placed = data.success ? session.findings.find(data.data.finding_id) : null;
    if (placed === null) continue;
    offered.push(
      ...(await fixActions(session, placed, diagnostic, actions)),
      ...(await fixAllAction(session, placed.finding.category, diagnostic, actions)),
      ...commandActions(textDocument.uri, placed.finding, diagnostic, actions),
    );
  }
  return offered;
};
