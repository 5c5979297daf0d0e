import assert from "node:assert/strict";
import * as vscode from "vscode";
import { commandIds, linkedCommandIds } from "../../client/contributions.ts";
import { extension, workspaceFolder } from "./extension.ts";

describe("activation", () => {
  it("registers every command and starts nothing", async () => {
    const { runtime } = await extension().activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      [...commandIds, ...linkedCommandIds].filter((id) => !registered.has(id)),
      [],
    );
    assert.equal(runtime.state.kind, "stopped");
  });

  it("starts the runtime with the first call and gives it typed answers", async () => {
    const { runtime } = await extension().activate();
    const folder = workspaceFolder().uri.toString();
    const { items } = await runtime.call("teams/list", {}, folder);
    assert.equal(runtime.state.kind, "ready");
    assert.ok(items.length >= 3);
  });

  it("hands errors of the catalogue through with their code", async () => {
    const { runtime } = await extension().activate();
    const folder = workspaceFolder().uri.toString();
    const execution_id = "00000000-0000-4000-8000-000000000000";
    await assert.rejects(
      runtime.call("executions/get", { execution_id }, folder),
      (error: Error) => error.name === "CoditectError" && "code" in error && error.code === "not_found",
    );
  });

  it("offers chat participants and tools only from what is there", () => {
    const names = vscode.lm.tools.map(({ name }) => name).filter((name) => name.startsWith("coditect_"));
    assert.deepEqual(names.toSorted(), [
      "coditect_fix_bug",
      "coditect_review_file",
      "coditect_run_tdd",
      "coditect_write_adr",
    ]);
  });
});
