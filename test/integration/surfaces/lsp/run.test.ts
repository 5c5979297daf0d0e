import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import type { MethodResult } from "../../../../schemas/contract.ts";
import { RuntimeEvent } from "../../../../schemas/events.ts";
import { shippedPath } from "../../../../server/platform/installation.ts";
import { type TestEditor, testEditor } from "../../../support/editor.ts";
import { languageServer } from "../../../support/product.ts";

describe("a team run from the editor", () => {
  let root: string;
  let child: ChildProcess;
  let editor: TestEditor;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "coditect-editor-"));
    await cp(shippedPath("media", "sample"), root, { recursive: true });
    const server = spawn(process.execPath, [languageServer, "--stdio"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    child = server;
    const reader = new StreamMessageReader(server.stdout);
    editor = testEditor(root, reader, new StreamMessageWriter(server.stdin));
    await editor.initialize({ capabilities: { window: { workDoneProgress: true } } });
  });
  after(async () => {
    child.kill("SIGKILL");
    await rm(root, { recursive: true, force: true });
  });

  const call = (method: string, params: object = {}): Promise<unknown> =>
    editor.connection.sendRequest(`coditect/${method}`, params);

  it("goes from the open file to an accepted change, with proofs, and shows how it goes", async () => {
    const { provider } = (await call("models/rehearsal")) as MethodResult<"models/rehearsal">;
    const file = "src/bill.js";
    await editor.open(file, await readFile(join(root, file), "utf8"), "javascript");
    const run = (await call("teams/execute", {
      team_id: "bug-fix",
      file,
      task: "Format 1205 as 12.05",
      options: { provider },
    })) as MethodResult<"teams/execute">;
    let event: RuntimeEvent;
    do {
      const { workspace, ...sent } = (await editor.next("coditect/event")) as { workspace: string };
      assert.equal(workspace, editor.uri("").replace(/\/$/, ""));
      event = RuntimeEvent.parse(sent);
    } while (event.type !== "run.finished");
    assert.equal(event.status, "Succeeded", JSON.stringify(event.error));
    assert.ok(event.changes.length > 0);

    const { task_id } = run;
    const changes = (await call("changes/get", { task_id })) as MethodResult<"changes/get">;
    assert.match(changes.diff, /^diff --git /);
    const applied = (await call("changes/apply", { task_id })) as MethodResult<"changes/apply">;
    assert.deepEqual(new Set(applied.files.map(({ result }) => result)), new Set(["written"]));
    assert.equal(applied.change_set.status, "Accepted");
    const progress = editor.received("$/progress") as { value: { kind: string } }[];
    assert.deepEqual([progress[0]?.value.kind, progress.at(-1)?.value.kind], ["begin", "end"]);
  });
});
