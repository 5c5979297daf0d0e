import assert from "node:assert/strict";
import type { WorkspaceEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { createChanges } from "../../../../server/changes/create-changes.ts";
import { testDispatch, type TestDispatch } from "../../../support/dispatch.ts";
import { editorOn, type TestEditor } from "../../../support/editor.ts";
import { NOW } from "../../../support/records.ts";
import { type TestWorkspace, testWorkspace } from "../../../support/workspace.ts";
import { change, owner, TASK } from "../../changes/support.ts";
import { runtimeOf } from "./support.ts";

const text = "one\ntwo\nthree\nfour\n";

describe("a change set applied through the editor", () => {
  let workspace: TestWorkspace;
  let at: TestDispatch;
  let editor: TestEditor;
  let accepts: boolean;
  const open = new Map<string, string>();

  const nameOf = (uri: string): string => uri.slice(editor.uri("").length);
  /** What an editor does with the edit: to its documents, and to files. */
  const carryOut = (edit: WorkspaceEdit): string[] =>
    (edit.documentChanges ?? []).map((step) => {
      if ("kind" in step) {
        if (step.kind !== "rename") return `${step.kind} ${nameOf(step.uri)}`;
        const [from, to] = [nameOf(step.oldUri), nameOf(step.newUri)];
        open.set(to, open.get(from) ?? "");
        return `rename ${from} ${to}`;
      }
      const path = nameOf(step.textDocument.uri);
      const edits = step.edits.filter((change) => "newText" in change);
      const document = TextDocument.create(step.textDocument.uri, "", 0, open.get(path) ?? "");
      return `${path}: ${TextDocument.applyEdits(document, edits)}`;
    });
  let done: string[];

  beforeEach(async () => {
    accepts = true;
    done = [];
    open.clear();
    workspace = await testWorkspace({ "a.ts": text, "b.ts": text, "gone.ts": "gone\n", "old.ts": text });
    for (const path of await workspace.list()) open.set(path, await workspace.read(path));
    at = testDispatch(workspace.root);
    const changes = createChanges({ store: at.store, workspace: workspace.root, now: () => NOW });
    const set = await changes.build(
      owner,
      [
        change("a.ts", text, text.replace("four", "4")),
        change("b.ts", text, text.replace("four", "4")),
        change("gone.ts", "gone\n", null),
        change("new.ts", null, "new\n"),
        change("old.ts", text, null),
        change("moved.ts", null, text.replace("one", "1")),
      ],
      [],
    );
    await at.store.commit((transaction) => {
      transaction.put("changeSets", set);
    });
    editor = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)), {
      "workspace/applyEdit": (params) => {
        if (accepts) done = carryOut((params as { edit: WorkspaceEdit }).edit);
        return { applied: accepts };
      },
    });
    await editor.initialize();
  });
  afterEach(async () => {
    await editor.close();
    await workspace.remove();
  });

  const apply = () =>
    editor.connection.sendRequest("workspace/executeCommand", {
      command: "coditect.applyChanges",
      arguments: [{ uri: editor.uri("a.ts"), task_id: TASK }],
    });
  const decisions = () =>
    Object.fromEntries(
      at.store.all("changeSets")[0]?.files.map(({ path, decision }) => [path, decision]) ?? [],
    );
  const edited = async (path: string, content: string): Promise<void> => {
    open.set(path, content);
    await editor.open(path, content);
  };

  it("is one edit the editor can undo, with the user's unsaved text merged in", async () => {
    await edited("a.ts", text.replace("one", "ONE"));
    assert.deepEqual(await apply(), { left: [] });
    assert.deepEqual(done, [
      "a.ts: ONE\ntwo\nthree\n4\n",
      "b.ts: one\ntwo\nthree\n4\n",
      "delete gone.ts",
      "rename old.ts moved.ts",
      "moved.ts: 1\ntwo\nthree\nfour\n",
      "create new.ts",
      "new.ts: new\n",
    ]);
    assert.deepEqual(new Set(Object.values(decisions())), new Set(["Accepted"]));
    assert.equal(await workspace.read("b.ts"), text);
  });

  it("leaves alone what the user edited in the same place, deleted or made", async () => {
    await edited("a.ts", text.replace("four", "FOUR"));
    await edited("gone.ts", "still needed\n");
    await edited("new.ts", "mine\n");
    assert.deepEqual(await apply(), { left: ["a.ts", "gone.ts", "new.ts"] });
    const { "a.ts": a, "b.ts": b, "gone.ts": gone, "new.ts": fresh } = decisions();
    assert.deepEqual([a, b, gone, fresh], ["Pending", "Accepted", "Pending", "Pending"]);
    assert.match(JSON.stringify(await editor.next("window/showMessage")), /a\.ts, gone\.ts, new\.ts/);
  });

  it("is not decided when the editor did not take it", async () => {
    accepts = false;
    await apply();
    assert.deepEqual(new Set(Object.values(decisions())), new Set(["Pending"]));
  });
});
