import assert from "node:assert/strict";
import * as vscode from "vscode";
import { nodeId } from "../../client/tree/nodes.ts";
import { extension, fileUri, onDisk, makeChange, type, workspaceFolder } from "./extension.ts";

const SOURCE = "src/bill.js";
const TEST = "test/split.test.js";

describe("reviewing changes", () => {
  let original = "";

  const decisions = async (task_id: string): Promise<string[]> => {
    const { runtime } = await extension().activate();
    const { change_set } = await runtime.call("changes/get", { task_id }, workspaceFolder().uri.toString());
    return change_set.files.map(({ path, decision }) => `${path} ${decision}`).toSorted();
  };

  before(async () => {
    original = await onDisk(SOURCE);
  });

  beforeEach(async () => {
    // Through the documents: a file that changes on disk reaches an open one only some time later.
    const document = await vscode.workspace.openTextDocument(fileUri(SOURCE));
    if (document.getText() !== original) await type(document, () => original);
    await document.save();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    const cleared = new vscode.WorkspaceEdit();
    cleared.deleteFile(fileUri(TEST), { ignoreIfNotExists: true });
    await vscode.workspace.applyEdit(cleared);
  });

  it("writes nothing until they are accepted, then all of them as one edit that undo takes back", async () => {
    const task_id = await makeChange();
    assert.equal(await onDisk(SOURCE), original);

    await vscode.commands.executeCommand("coditect.acceptAll", nodeId.run(task_id));
    assert.match(await onDisk(SOURCE), /Math\.floor\(cents \/ people\)/);
    assert.match(await onDisk(TEST), /split/);
    assert.deepEqual(await decisions(task_id), [`${SOURCE} Accepted`, `${TEST} Accepted`]);

    const document = await vscode.workspace.openTextDocument(fileUri(SOURCE));
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), original);
  });

  it("keeps unsaved text of the user beside what the agents wrote, and leaves it unsaved", async () => {
    const task_id = await makeChange();
    const document = await vscode.workspace.openTextDocument(fileUri(SOURCE));
    await type(document, (text) => `// mine\n${text}`);

    await vscode.commands.executeCommand("coditect.acceptFile", nodeId.file(task_id, SOURCE));
    assert.match(document.getText(), /^\/\/ mine\n/);
    assert.match(document.getText(), /Math\.floor\(cents \/ people\)/);
    assert.ok(document.isDirty);
    assert.equal(await onDisk(SOURCE), original);
  });

  it("accepts one hunk and discards the rest", async () => {
    const task_id = await makeChange();
    await vscode.commands.executeCommand("coditect.openChange", nodeId.file(task_id, SOURCE));
    const proposed = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "coditect-after");
    assert.ok(proposed);
    const line = proposed
      .getText()
      .split("\n")
      .findIndex((text) => text.includes("Math.floor(cents / people)"));

    await vscode.commands.executeCommand("coditect.acceptHunk", { uri: proposed.uri, lineNumber: line + 1 });
    assert.match(await onDisk(SOURCE), /Math\.floor\(cents \/ people\)/);
    const comment = proposed
      .getText()
      .split("\n")
      .findIndex((text) => text.includes("pay one cent more"));
    await vscode.commands.executeCommand("coditect.discardHunk", {
      uri: proposed.uri,
      lineNumber: comment + 1,
    });
    assert.doesNotMatch(await onDisk(SOURCE), /pay one cent more/);
    assert.deepEqual(await decisions(task_id), [`${SOURCE} Edited`, `${TEST} Pending`]);
  });

  it("keeps the hunk that was accepted when the rest of its file is discarded", async () => {
    const task_id = await makeChange();
    await vscode.commands.executeCommand("coditect.openChange", nodeId.file(task_id, SOURCE));
    const proposed = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "coditect-after");
    assert.ok(proposed);
    const lines = proposed.getText().split("\n");
    const line = lines.findIndex((text) => text.includes("Math.floor(cents / people)"));
    await vscode.commands.executeCommand("coditect.acceptHunk", { uri: proposed.uri, lineNumber: line + 1 });

    await vscode.commands.executeCommand("coditect.discardFile", nodeId.file(task_id, SOURCE));
    assert.match(await onDisk(SOURCE), /Math\.floor\(cents \/ people\)/);
    assert.deepEqual(await decisions(task_id), [`${SOURCE} Edited`, `${TEST} Pending`]);
  });

  it("shows a hunk as open again once the user has undone it", async () => {
    const task_id = await makeChange();
    await vscode.commands.executeCommand("coditect.openChange", nodeId.file(task_id, SOURCE));
    const sides = ["coditect-before", "coditect-after"].map((scheme) =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === scheme),
    );
    const [before, proposed] = sides;
    assert.ok(before !== undefined && proposed !== undefined);
    const line = proposed
      .getText()
      .split("\n")
      .findIndex((text) => text.includes("Math.floor(cents / people)"));
    const shown = new Promise<string>((resolve) => {
      const following = vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document !== before || document.getText() !== original) return;
        following.dispose();
        resolve(document.getText());
      });
    });
    await vscode.commands.executeCommand("coditect.acceptHunk", { uri: proposed.uri, lineNumber: line + 1 });
    const document = await vscode.workspace.openTextDocument(fileUri(SOURCE));
    // Beside the diff, whose tab it would take over.
    await vscode.window.showTextDocument(document, vscode.ViewColumn.Beside);
    await vscode.commands.executeCommand("undo");
    assert.equal(await shown, original);
  });

  it("discards without a trace in the workspace", async () => {
    const task_id = await makeChange();
    // The command for all of them asks a person, who is not here.
    for (const path of [SOURCE, TEST])
      await vscode.commands.executeCommand("coditect.discardFile", nodeId.file(task_id, path));
    assert.equal(await onDisk(SOURCE), original);
    assert.deepEqual(await decisions(task_id), [`${SOURCE} Discarded`, `${TEST} Discarded`]);
  });

  // The last one: VS Code asks before it closes a merge that is not done.
  it("overwrites nothing where both changed the same lines, and opens the merge editor", async () => {
    const task_id = await makeChange();
    const document = await vscode.workspace.openTextDocument(fileUri(SOURCE));
    const mine = (text: string) => text.replace("cents / people", "Math.round(cents / people)");
    await type(document, mine);

    await vscode.commands.executeCommand("coditect.acceptFile", nodeId.file(task_id, SOURCE));
    assert.equal(document.getText(), mine(original));
    assert.deepEqual(await decisions(task_id), [`${SOURCE} Pending`, `${TEST} Pending`]);
    assert.match(vscode.window.tabGroups.activeTabGroup.activeTab?.label ?? "", /bill\.js/);
  });
});
