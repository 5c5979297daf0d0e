import assert from "node:assert/strict";
import * as vscode from "vscode";
import { extension, fileUri, nextEvent, workspaceFolder } from "./extension.ts";

const SOURCE = "src/tax.py";
const TEXT =
  'def tax(cents):\n    """The tax on an amount."""\n    # TODO: round half up\n    return cents / 5\n';

const fixesAt = async (line: number): Promise<vscode.CodeAction[]> => {
  // Within the problem, which begins behind the indentation.
  const range = new vscode.Range(line, 5, line, 5);
  const fixes = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    fileUri(SOURCE),
    range,
    vscode.CodeActionKind.QuickFix.value,
  );
  return fixes.filter(({ command }) => command?.command.startsWith("coditect.") === true);
};

/** Does what a click on the Quick Fix does; resolves with the task that a team was given, and cancels its run. */
const choose = async ({ command }: vscode.CodeAction) => {
  assert.ok(command);
  const { runtime } = await extension().activate();
  const folder = workspaceFolder().uri.toString();
  const [started, finished] = [nextEvent("run.started"), nextEvent("run.finished")];
  await vscode.commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
  const { task_id, workflow } = await started;
  const { task } = await runtime.call("runs/get", { task_id }, folder);
  await runtime.call("runs/cancel", { task_id }, folder);
  await finished;
  return { workflow, file: task.file, description: task.description, data: JSON.stringify(task.data) };
};

describe("Quick Fixes in a Python file", () => {
  const problems = vscode.languages.createDiagnosticCollection("a linter");
  const useProvider = (provider: string | undefined) =>
    vscode.workspace
      .getConfiguration("coditect")
      .update("model.provider", provider, vscode.ConfigurationTarget.Global);

  before(async () => {
    await extension().activate();
    await useProvider("Rehearsal");
    await vscode.workspace.fs.writeFile(fileUri(SOURCE), new TextEncoder().encode(TEXT));
    await vscode.workspace.openTextDocument(fileUri(SOURCE));
    const problem = new vscode.Diagnostic(
      new vscode.Range(3, 4, 3, 20),
      "Amounts must be whole\nSee the style guide.",
      vscode.DiagnosticSeverity.Warning,
    );
    problem.source = "a linter";
    problem.code = { value: "whole-cents", target: vscode.Uri.parse("https://example.org") };
    problems.set(fileUri(SOURCE), [problem]);
  });
  after(async () => {
    problems.dispose();
    await useProvider(undefined);
    await vscode.workspace.fs.delete(fileUri(SOURCE));
  });

  it("give a problem of any extension to the bug-fix team, with where and what it is", async () => {
    const [fix, ...others] = await fixesAt(3);
    assert.equal(fix?.title, "Fix with Bug-Fix Team: Amounts must be whole");
    assert.equal(others.length, 0);
    const { workflow, file, description, data } = await choose(fix);
    assert.deepEqual([workflow, file], ["bug-fix", SOURCE]);
    assert.match(description, /^Amounts must be whole/);
    assert.match(data, /"code":"whole-cents"/);
    assert.match(data, /"start_line":4/);
  });

  it("give a TODO to the TDD team", async () => {
    const [fix, ...others] = await fixesAt(2);
    assert.equal(fix?.title, "Run TDD Team on This TODO");
    assert.equal(others.length, 0);
    const { workflow, file, description } = await choose(fix);
    assert.deepEqual([workflow, file, description], ["tdd", SOURCE, "round half up"]);
  });

  it("offer nothing where there is neither", async () => {
    assert.deepEqual(await fixesAt(0), []);
  });
});
