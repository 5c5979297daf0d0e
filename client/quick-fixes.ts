import * as vscode from "vscode";
import { todoIn } from "./commands/suggestions.ts";
import type { LinkedCommandId } from "./contributions.ts";

/** Quick Fixes: the bug-fix team for a problem at the cursor, and the TDD team for a TODO. */
export const registerQuickFixes = (): vscode.Disposable =>
  vscode.languages.registerCodeActionsProvider(
    { scheme: "file" },
    {
      provideCodeActions: (document, range, { diagnostics }) => {
        if (!vscode.workspace.isTrusted) return [];
        const uri = document.uri.toString();
        // CODITECT's own findings have their own actions.
        const foreign = diagnostics.filter(({ source }) => source !== "coditect");
        const fixes = foreign.map((problem) => {
          const title = vscode.l10n.t("Fix with Bug-Fix Team: {0}", problem.message.split("\n", 1)[0] ?? "");
          const action = actionFor(title, "coditect.fixProblem", { uri, ...describeProblem(problem) });
          action.diagnostics = [problem];
          return action;
        });
        const task = todoIn(document.lineAt(range.start.line).text);
        if (task === "") return fixes;
        return [
          ...fixes,
          actionFor(vscode.l10n.t("Run TDD Team on This TODO"), "coditect.runTddOnTodo", { uri, task }),
        ];
      },
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
  );

const actionFor = (title: string, command: LinkedCommandId, argument: object): vscode.CodeAction => {
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  action.command = { title, command, arguments: [argument] };
  return action;
};

/** A diagnostic in the form for agents. */
export const describeProblem = ({ message, source, code, range }: vscode.Diagnostic) => ({
  message,
  source: source ?? null,
  code: typeof code === "object" ? String(code.value) : (code ?? null),
  start_line: range.start.line + 1,
  end_line: range.end.line + 1,
});
