import assert from "node:assert/strict";
import * as vscode from "vscode";
import { nodeId } from "../../client/tree/nodes.ts";
import { extension, rehearse, workspaceFolder } from "./extension.ts";

describe("a transcript", () => {
  it("shows what is long as one line", async () => {
    const task_id = await rehearse();
    const { runtime } = await extension().activate();
    const { executions } = await runtime.call("runs/get", { task_id }, workspaceFolder().uri.toString());
    const [execution] = executions;
    assert.ok(execution);
    const { promise: folded, resolve } = Promise.withResolvers<readonly vscode.Range[]>();
    const subscription = vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor, visibleRanges }) => {
      const isTranscript = textEditor.document.uri.scheme === "coditect-transcript";
      if (isTranscript && visibleRanges.length > 1) resolve(visibleRanges);
    });
    await vscode.commands.executeCommand("coditect.showTranscript", nodeId.execution(execution.execution_id));
    const [shown] = await folded;
    subscription.dispose();
    const editor = vscode.window.activeTextEditor;
    assert.match(editor?.document.lineAt(shown?.end.line ?? 0).text ?? "", /^SourceCode: /);
  });
});
