import assert from "node:assert/strict";
import * as vscode from "vscode";
import { nodeId } from "../../client/tree/nodes.ts";
import { extension, rehearse, workspaceFolder } from "./extension.ts";

describe("a transcript", () => {
  it("is one page per execution, however often it is shown", async () => {
    const task_id = await rehearse();
    const { runtime } = await extension().activate();
    const { executions } = await runtime.call("runs/get", { task_id }, workspaceFolder().uri.toString());
    const [one, other] = executions;
    assert.ok(one !== undefined && other !== undefined);
    const show = (execution_id: string) =>
      vscode.commands.executeCommand("coditect.showTranscript", nodeId.execution(execution_id));
    await show(one.execution_id);
    await show(other.execution_id);
    await show(one.execution_id);
    const pages = vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .filter(
        ({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes("transcript"),
      );
    assert.deepEqual(pages.map(({ label }) => label).sort(), [titleOf(one), titleOf(other)].sort());
  });
});

const titleOf = ({
  metadata: { agent_name, stage, round },
}: {
  metadata: { agent_name: string; stage: string; round: number };
}): string => `${agent_name}, ${stage}, round ${round}`;
