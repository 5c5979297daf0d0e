import assert from "node:assert/strict";
import * as vscode from "vscode";
import { nodeId } from "../../client/tree/nodes.ts";
import { extension, makeChange, workspaceFolder } from "./extension.ts";

describe("a transcript", () => {
  it("is one page per execution, however often it is shown", async () => {
    const task_id = await makeChange();
    const { runtime } = await extension().activate();
    const { executions } = await runtime.call("runs/get", { task_id }, workspaceFolder().uri.toString());
    const [one, other] = executions;
    assert.ok(one !== undefined && other !== undefined);
    const show = async (execution: typeof one): Promise<void> => {
      await vscode.commands.executeCommand(
        "coditect.showTranscript",
        nodeId.execution(execution.execution_id),
      );
      await isActive(titleOf(execution));
    };
    await show(one);
    await show(other);
    await show(one);
    const titles = [titleOf(one), titleOf(other)];
    const shown = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));
    assert.deepEqual(shown.filter((label) => titles.includes(label)).sort(), titles.sort());
  });
});

/** Resolves when the tab with this label is the active one; the window tells of it later than it opens it. */
const isActive = (label: string): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (vscode.window.tabGroups.activeTabGroup.activeTab?.label !== label) return;
      subscription.dispose();
      resolve();
    };
    const subscription = vscode.window.tabGroups.onDidChangeTabs(look);
    look();
  });

const titleOf = ({
  metadata: { agent_name, stage, round },
}: {
  metadata: { agent_name: string; stage: string; round: number };
}): string => `${agent_name}, ${stage}, round ${round}`;
