import * as vscode from "vscode";
import { z } from "zod";
import { runForFinding, runForTest } from "../../schemas/command-runs.ts";
import { editorCommands } from "../../schemas/editor.ts";
import type { Finding } from "../../schemas/findings.ts";
import type { Context } from "../context.ts";
import { fileInFolder, folderByUri } from "../folders.ts";
import { describeProblem } from "../quick-fixes.ts";
import { askModal } from "../say.ts";
import { startRun } from "./start.ts";
import { fileTarget, nodeOf, tell } from "./targets.ts";

/** Fixes the problem at the cursor, from any extension. */
export const fixDiagnostic = async (context: Context, argument: unknown): Promise<void> => {
  const target = fileTarget(argument);
  if (target === null) return;
  const line = vscode.window.activeTextEditor?.selection.active.line;
  const all = vscode.languages.getDiagnostics(target.uri);
  const here = all.filter(
    ({ range }) => line !== undefined && range.start.line <= line && line <= range.end.line,
  );
  const problem = await pickDiagnostic(here.length > 0 ? here : all);
  if (problem === null) return;
  await startRun(context, {
    folder: target.folder,
    team: "bug-fix",
    task: problem.message,
    file: target.path,
    data: { diagnostic: describeProblem(problem) },
  });
};

const pickDiagnostic = async (problems: readonly vscode.Diagnostic[]): Promise<vscode.Diagnostic | null> => {
  if (problems.length === 0) tell(vscode.l10n.t("This file has no problem to fix."));
  if (problems.length <= 1) return problems[0] ?? null;
  const picked = await vscode.window.showQuickPick(
    problems.map((problem) => ({
      label: problem.message,
      description: vscode.l10n.t("line {0}", problem.range.start.line + 1),
      problem,
    })),
    { placeHolder: vscode.l10n.t("Which problem?") },
  );
  return picked?.problem ?? null;
};

const Problem = z.looseObject({
  message: z.string(),
  source: z.string().nullable(),
  code: z.union([z.string(), z.number()]).nullable(),
  start_line: z.int(),
  end_line: z.int(),
});

/** Fixes a problem from any extension, from its Quick Fix. */
export const fixProblem = async (context: Context, argument: unknown): Promise<void> => {
  const { message, source, code, start_line, end_line } = Problem.parse(argument);
  const target = fileTarget(argument);
  if (target === null) return;
  await startRun(context, {
    folder: target.folder,
    team: "bug-fix",
    task: message,
    file: target.path,
    data: { diagnostic: { message, source, code, start_line, end_line } },
  });
};

/** The argument from the Test Explorer: a test, or a test with its failure message. */
const Test = z.looseObject({
  label: z.string(),
  uri: z.custom<vscode.Uri>((value) => value instanceof vscode.Uri).optional(),
  error: z.unknown().optional(),
});
const FailedTest = z.union([
  z.looseObject({ test: Test, message: z.looseObject({ message: z.unknown() }) }),
  Test.transform((test) => ({ test, message: { message: test.error } })),
]);

export const fixFailedTest = async (context: Context, argument: unknown): Promise<void> => {
  const read = FailedTest.safeParse(argument);
  if (read.data?.test.uri === undefined) {
    tell(vscode.l10n.t("Choose a test of a file in the Test Explorer."));
    return;
  }
  const { label, uri } = read.data.test;
  const target = fileTarget(uri);
  if (target === null) return;
  const message = messageText(read.data.message.message);
  await startRun(context, {
    folder: target.folder,
    team: "bug-fix",
    task: vscode.l10n.t("The test “{0}” fails. {1}", label, message).trim(),
    file: target.path,
    data: { test: label, message },
  });
};

const messageText = (message: unknown): string =>
  typeof message === "string" ? message : message instanceof vscode.MarkdownString ? message.value : "";

/** Fixes a failed test, from the code lens over it. */
export const fixTest = async (context: Context, argument: unknown): Promise<void> => {
  const { test } = editorCommands["coditect.fixTest"].parse(argument);
  const target = fileTarget(argument);
  if (target === null) return;
  const { folder, path } = target;
  await startRun(context, { folder, file: path, ...runForTest(test, vscode.l10n) });
};

/**
 * A finding and its folder, from the Runs view or from a code action. Tells the user if it no longer exists.
 */
const findingOf = async (
  context: Context,
  argument: unknown,
): Promise<{ folder: string; finding: Finding } | null> => {
  const found = await findFinding(context, argument);
  if (found === null) tell(vscode.l10n.t("This finding no longer exists."));
  return found;
};

const findFinding = async (
  context: Context,
  argument: unknown,
): Promise<{ folder: string; finding: Finding } | null> => {
  const node = nodeOf(argument);
  if (node?.kind === "finding") {
    const run = context.sidebar.model.runs.get(node.task_id);
    const finding = run?.findings.get(node.finding_id);
    return run === undefined || finding === undefined ? null : { folder: run.folder, finding };
  }
  const named = editorCommands["coditect.dismissFinding"].safeParse(argument);
  if (!named.success) return null;
  const target = fileTarget(argument);
  if (target === null) return null;
  const folder = target.folder.uri.toString();
  const { items } = await context.runtime.call("findings/list", { path: target.path, limit: 500 }, folder);
  const finding = items.find(({ finding_id }) => finding_id === named.data.finding_id);
  return finding === undefined ? null : { folder, finding };
};

export const openFinding = async (context: Context, argument: unknown): Promise<void> => {
  const found = await findingOf(context, argument);
  if (found === null) return;
  const { finding, folder } = found;
  const start = new vscode.Position(finding.start_line - 1, (finding.start_column ?? 1) - 1);
  await vscode.window.showTextDocument(fileInFolder(folder, finding.path), {
    selection: new vscode.Range(start, start),
    preview: true,
  });
};

export const dismissFinding = async (context: Context, argument: unknown): Promise<void> => {
  const found = await findingOf(context, argument);
  if (found === null) return;
  const reason = await vscode.window.showInputBox({
    title: vscode.l10n.t("Dismiss “{0}”", found.finding.title),
    prompt: vscode.l10n.t("Why is this not a problem? It will not be reported again."),
    placeHolder: vscode.l10n.t("Intended: the caller has checked it"),
    validateInput: (text) =>
      text.trim() === "" ? vscode.l10n.t("Enter a reason. It is kept with the finding.") : null,
  });
  if (reason === undefined) return;
  const { finding_id } = found.finding;
  await context.runtime.call("findings/dismiss", { finding_id, reason }, found.folder);
};

/**
 * Confirms a finding, from the Runs view or a code action. Asks the user to confirm, because later proofs do
 * not count the mutant.
 */
export const confirmFinding = async (context: Context, argument: unknown): Promise<void> => {
  const found = await findingOf(context, argument);
  if (found === null) return;
  const confirm = vscode.l10n.t("Confirm");
  const { title, explanation } = found.finding;
  const consequence = vscode.l10n.t(
    "Later proofs will not count this mutant. CODITECT stores your name with the confirmation.",
  );
  const chosen = await askModal(
    vscode.l10n.t("Confirm that no test can notice this mutant?"),
    `${title}\n\n${explanation}\n\n${consequence}`,
    confirm,
  );
  if (chosen !== confirm) return;
  const { finding_id } = found.finding;
  await context.runtime.call("findings/confirm", { finding_id }, found.folder);
};

export const fixFinding = async (context: Context, argument: unknown): Promise<void> => {
  const found = await findingOf(context, argument);
  if (found === null) return;
  const { finding, folder } = found;
  const workspaceFolder = folderByUri(folder);
  if (workspaceFolder === null) {
    tell(vscode.l10n.t("Its folder is no longer open."));
    return;
  }
  await startRun(context, { folder: workspaceFolder, file: finding.path, ...runForFinding(finding) });
};

/** Shows the explanation next to the code, with the same text as the hover. */
export const explainFinding = async (context: Context, argument: unknown): Promise<void> => {
  if (nodeOf(argument) !== null || argument !== undefined) await openFinding(context, argument);
  await vscode.commands.executeCommand("editor.action.showHover", { focus: "noAutoFocus" });
};
