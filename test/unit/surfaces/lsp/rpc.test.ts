import assert from "node:assert/strict";
import { CancellationTokenSource } from "vscode-languageserver/node";
import { StartRun } from "../../../../schemas/contract.ts";
import { fail, WireError } from "../../../../schemas/errors.ts";
import type { LanguageServerContext } from "../../../../server/surfaces/lsp/state.ts";
import { testDispatch, type TestDispatch } from "../../../support/dispatch.ts";
import { editorOn, type TestEditor } from "../../../support/editor.ts";
import { aRun, aTask, NOW } from "../../../support/records.ts";
import { type TestWorkspace, testWorkspace } from "../../../support/workspace.ts";
import { runtimeOf } from "./support.ts";

const rejection = async (promise: Promise<unknown>): Promise<{ code: number; data: WireError }> => {
  const error = await promise.then(
    () => assert.fail("it did not reject"),
    (reason: unknown) => reason as { code: number; data: unknown },
  );
  return { code: error.code, data: WireError.parse(error.data) };
};

describe("the contract over JSON-RPC", () => {
  let workspace: TestWorkspace;
  let at: TestDispatch;
  let editor: TestEditor;
  let opened: string[];
  const start = async (open?: LanguageServerContext["open"], trusted = true): Promise<void> => {
    editor = editorOn(
      workspace.root,
      open ??
        ((folder) => {
          opened.push(folder.uri);
          return Promise.resolve(runtimeOf(at, () => opened.push("closed")));
        }),
    );
    await editor.initialize({ initializationOptions: { trusted } });
  };
  const call = (method: string, params: unknown = {}) =>
    editor.connection.sendRequest(`coditect/${method}`, params);

  beforeEach(async () => {
    opened = [];
    workspace = await testWorkspace({ "a.ts": "saved\n", ".env": "KEY=1\n" });
    at = testDispatch(workspace.root, { runs: { start: () => Promise.resolve(aRun(aTask().task_id)) } });
  });
  afterEach(async () => {
    await editor.close();
    await workspace.remove();
  });

  it("opens the runtime of a folder when it is first needed, once, and closes it with the editor", async () => {
    await start();
    assert.deepEqual(opened, []);
    await Promise.all([call("agents/list"), call("runtime/status")]);
    assert.equal(opened.length, 1);
    await editor.connection.sendRequest("shutdown");
    assert.equal(opened[1], "closed");
  });

  it("tries again to open a runtime that did not open", async () => {
    let attempts = 0;
    await start(() => {
      attempts += 1;
      return attempts === 1
        ? Promise.reject(fail("state_locked", { path: "state", pid: 1 }))
        : Promise.resolve(runtimeOf(at));
    });
    assert.equal((await rejection(call("agents/list"))).data.code, "state_locked");
    assert.deepEqual(await call("agents/list"), { items: [], next_cursor: null });
  });

  it("answers errors with the catalogue's code, and all of the error beside", async () => {
    await start();
    const missing = await rejection(call("teams/get", { team_id: aTask().task_id }));
    assert.deepEqual([missing.code, missing.data.code], [404, "not_found"]);
    const wrong = await rejection(call("agents/list", { type: "Painter" }));
    assert.deepEqual([wrong.code, wrong.data.code], [-32602, "invalid_params"]);
    const noObject = await rejection(call("agents/list", [1]));
    assert.equal(noObject.data.code, "invalid_params");
  });

  it("gives each folder its own runtime, and names the folder with every event", async () => {
    const other = await testWorkspace();
    const second = testDispatch(other.root);
    await start((folder) => Promise.resolve(runtimeOf(folder.root === other.root ? second : at)));
    const uri = editor.uri("").replace(/\/$/, "").replace(workspace.root, other.root);
    await editor.connection.sendNotification("workspace/didChangeWorkspaceFolders", {
      event: { added: [{ uri, name: "second" }], removed: [] },
    });
    const agent = {
      name: "Ada",
      agent_type: "Coder",
      provider: { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } },
    };
    await call("agents/create", { ...agent, workspace: uri });
    assert.equal(second.store.all("agents").length, 1);
    assert.deepEqual(await editor.next("coditect/event"), {
      type: "configuration.changed",
      at: NOW,
      workspace: uri,
    });
    assert.deepEqual(await call("agents/list"), { items: [], next_cursor: null });
    assert.equal((await rejection(call("agents/list", { workspace: "file:///elsewhere" }))).code, 404);
    await other.remove();
  });

  it("hands a cancelled request on to what works on it", async () => {
    const working = Promise.withResolvers<AbortSignal>();
    at = testDispatch(workspace.root, {
      gateway: {
        models: (_, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              reject(new Error("aborted"));
            });
            working.resolve(signal);
          }),
      },
    });
    await start();
    const source = new CancellationTokenSource();
    const answer = rejection(editor.connection.sendRequest("coditect/models/list", {}, source.token));
    await working.promise;
    source.cancel();
    assert.deepEqual((await answer).code, -32800);
  });

  it("gives a run the unsaved documents that agents may see, unless the caller chose", async () => {
    await start();
    await editor.open("a.ts", "unsaved\n");
    await editor.open("new.ts", "never saved\n");
    await editor.open(".env", "KEY=2\n", "plaintext");
    await call("teams/execute", { team_id: "tdd", file: "a.ts", options: { priority: 2 } });
    await call("teams/execute", { team_id: "tdd", options: { overlays: [] } });
    const [first, second] = at.passedOn.map(([, , request]) => StartRun.parse(request).options);
    assert.deepEqual(first?.overlays, [
      { path: "a.ts", text: "unsaved\n" },
      { path: "new.ts", text: "never saved\n" },
    ]);
    assert.equal(first.priority, 2);
    assert.deepEqual(second?.overlays, []);
  });

  it("hands on nothing that the editor knows about files which agents may not see", async () => {
    await start();
    const place = (path: string) => ({ path, symbols: ["KEY"] });
    const problem = (path: string) => ({
      ...{ path, severity: "error", message: "KEY=abc is not used", source: null, code: null, start_line: 1 },
    });
    const both = <Value>(of: (path: string) => Value) => [".env", "a.ts", "id_rsa"].map(of);
    const editor_context = { definitions: both(place), references: both(place), problems: both(problem) };
    const overlays = both((path) => ({ path, text: "KEY=abc" }));
    await call("teams/execute", { team_id: "review", file: "a.ts", options: { editor_context, overlays } });
    const [given] = at.passedOn.map(([, , request]) => StartRun.parse(request).options);
    assert.ok(given);
    assert.deepEqual(given.overlays, [{ path: "a.ts", text: "KEY=abc" }]);
    assert.deepEqual(given.editor_context, {
      ...{ definitions: [place("a.ts")], references: [place("a.ts")], problems: [problem("a.ts")] },
    });
  });

  it("hands on no task about a file that agents may not see", async () => {
    await start();
    const data = { diagnostic: { message: "KEY=abc is not used", start_line: 1 } };
    for (const file of [".env", "./.env"]) {
      const refused = await rejection(call("teams/execute", { team_id: "bug-fix", file, data }));
      assert.equal(refused.data.code, "ignored_file");
    }
    const argument = { uri: editor.uri(".env"), test: "KEY=abc" };
    const command = { command: "coditect.fixTest", arguments: [argument] };
    const refused = await rejection(editor.connection.sendRequest("workspace/executeCommand", command));
    assert.equal(refused.data.code, "ignored_file");
    assert.deepEqual(at.passedOn, []);
  });

  it("opens nothing of an untrusted workspace", async () => {
    await start(undefined, false);
    for (const method of ["agents/list", "teams/execute", "runtime/status", "credentials/set"])
      assert.equal((await rejection(call(method))).data.code, "untrusted_workspace");
    assert.deepEqual(opened, []);
  });

  it("refuses options that are not right, and goes on with the defaults for a wrong setting", async () => {
    await start();
    const bad = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
    const refused = rejection(bad.initialize({ initializationOptions: { trusted: "yes" } }));
    assert.match((await refused).data.message, /trusted/);
    const slip = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
    await slip.initialize({ initializationOptions: { settings: { code_lens: 1 } } });
    assert.match(JSON.stringify(await slip.next("window/showMessage")), /code_lens/);
  });
});

describe("a run in the editor", () => {
  it("is a progress with its stage, and is cancelled with it", async () => {
    const workspace = await testWorkspace();
    const { task_id, ...task } = aTask();
    const at = testDispatch(workspace.root, { runs: { cancel: () => Promise.resolve(aRun(task_id)) } });
    await at.store.commit((transaction) => {
      transaction.put("tasks", { task_id, ...task });
      transaction.put("runs", aRun(task_id));
    });
    const editor = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
    await editor.initialize({ capabilities: { window: { workDoneProgress: true } } });
    await editor.connection.sendRequest("coditect/runtime/status", {});
    const base = { at: NOW, task_id };
    const stages = ["tests", "code"];
    at.emit({
      ...base,
      type: "run.started",
      workflow: "tdd",
      team: "tdd",
      stages,
      model: "Ollama/m",
      runtime: "Local",
    });
    at.emit({
      ...base,
      type: "stage.started",
      stage: "tests",
      agent_type: "TestWriter",
      round: 2,
      feedback: null,
    });
    const { token } = (await editor.next("window/workDoneProgress/create")) as { token: string };
    const values = async () => ((await editor.next("$/progress")) as { value: unknown }).value;
    assert.deepEqual(await values(), {
      kind: "begin",
      title: "CODITECT tdd",
      percentage: 0,
      message: "Ollama/m",
      cancellable: true,
    });
    assert.deepEqual(await values(), {
      kind: "report",
      percentage: 0,
      message: "tests (TestWriter, round 2)",
    });
    await editor.connection.sendNotification("window/workDoneProgress/cancel", { token });
    await editor.connection.sendRequest("coditect/runtime/status", {});
    assert.deepEqual(
      at.passedOn.filter(([name]) => name === "cancel"),
      [["cancel", task_id]],
    );
    at.emit({
      ...base,
      type: "run.finished",
      status: "Cancelled",
      stages: [],
      changes: [],
      findings: [],
      usage: aRun(task_id).usage,
      error: null,
    });
    assert.deepEqual(await values(), { kind: "end" });
    await editor.close();
    await workspace.remove();
  });
});
