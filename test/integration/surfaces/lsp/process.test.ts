import assert from "node:assert/strict";
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  IPCMessageReader,
  IPCMessageWriter,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import type { MethodResult } from "../../../../schemas/contract.ts";
import { attach } from "../../../../server/hosting/attach.ts";
import { readEndpoint } from "../../../../server/hosting/endpoints.ts";
import { readLock } from "../../../../server/store/lock.ts";
import { type TestEditor, testEditor } from "../../../support/editor.ts";
import { type TestWorkspace, testWorkspace } from "../../../support/workspace.ts";
import { languageServer } from "../../../support/product.ts";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
/** Resolves when the process is gone; the test's own deadline is the limit. */
const gone = async (pid: number): Promise<void> => {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 25));
};

describe("the language server's process", () => {
  let workspace: TestWorkspace;
  const started: ChildProcess[] = [];
  beforeEach(async () => {
    workspace = await testWorkspace({ "a.ts": "export const a = 1;\n", "package.json": "{}" });
  });
  afterEach(async () => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
    await workspace.remove();
  });

  const overStdio = (): { child: ChildProcess; editor: TestEditor } => {
    const child = spawn(process.execPath, [languageServer, "--stdio"], { stdio: ["pipe", "pipe", "pipe"] });
    started.push(child);
    child.stderr.resume();
    const reader = new StreamMessageReader(child.stdout);
    return { child, editor: testEditor(workspace.root, reader, new StreamMessageWriter(child.stdin)) };
  };
  const call = (editor: TestEditor, method: string, params: object = {}): Promise<unknown> =>
    editor.connection.sendRequest(`coditect/${method}`, params);
  const addAgent = (editor: TestEditor) =>
    call(editor, "agents/create", {
      name: "Ada",
      agent_type: "Coder",
      provider: { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } },
    }) as Promise<MethodResult<"agents/create">>;
  /** A real instance, as a process. */
  const addInstance = async (editor: TestEditor): Promise<number> => {
    const { agent_id } = await addAgent(editor);
    const instance = (await call(editor, "instances/create", {
      agent_id,
    })) as MethodResult<"instances/create">;
    assert.equal(instance.state, "Idle");
    const pid = Number(instance.metadata.runtime_id);
    assert.ok(isAlive(pid));
    return pid;
  };
  const lock = () => readLock(join(workspace.root, ".coditect/state"));

  it("ends with shutdown and exit, keeps its state, and leaves no instance and no lock", async () => {
    const { child, editor } = overStdio();
    await editor.initialize();
    const worker = await addInstance(editor);
    const ended = once(child, "exit");
    await editor.connection.sendRequest("shutdown");
    await editor.connection.sendNotification("exit");
    assert.deepEqual(await ended, [0, null]);
    await gone(worker);
    assert.equal(await lock(), null);

    const again = overStdio();
    await again.editor.initialize();
    const { items } = (await call(again.editor, "agents/list")) as MethodResult<"agents/list">;
    assert.deepEqual(
      items.map(({ name }) => name),
      ["Ada"],
    );
  });

  it("ends when the editor's end of the stream is closed", async () => {
    const { child, editor } = overStdio();
    await editor.initialize();
    const worker = await addInstance(editor);
    const ended = once(child, "exit");
    child.stdin?.end();
    assert.deepEqual(await ended, [1, null]);
    await gone(worker);
    assert.equal(await lock(), null);
  });

  it("ends when the editor is killed", async () => {
    const script = `
      const { spawn } = require("node:child_process");
      const server = spawn(process.execPath, [${JSON.stringify(languageServer)}, "--stdio"], { stdio: "pipe" });
      process.stdin.pipe(server.stdin);
      server.stdout.pipe(process.stdout);
    `;
    const parent = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
    started.push(parent);
    const reader = new StreamMessageReader(parent.stdout);
    const editor = testEditor(workspace.root, reader, new StreamMessageWriter(parent.stdin));
    await editor.initialize();
    const worker = await addInstance(editor);
    const { pid } = (await call(editor, "runtime/status")) as MethodResult<"runtime/status">;
    parent.kill("SIGKILL");
    await gone(pid);
    await gone(worker);
    assert.equal(await lock(), null);
  });

  it("ends when it is killed, and takes its instances along", async () => {
    const { child, editor } = overStdio();
    await editor.initialize();
    const worker = await addInstance(editor);
    child.kill("SIGKILL");
    await gone(worker);
  });

  it("talks over Node's own channel, and ends with it", async () => {
    const child = fork(languageServer, ["--node-ipc"], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
    started.push(child);
    const editor = testEditor(workspace.root, new IPCMessageReader(child), new IPCMessageWriter(child));
    await editor.initialize();
    await addAgent(editor);
    const ended = once(child, "exit");
    child.disconnect();
    assert.deepEqual(await ended, [1, null]);
    assert.equal(await lock(), null);
  });

  it("is reached by other programs while it owns the folder, and takes over when its owner is gone", async () => {
    const { child, editor } = overStdio();
    await editor.initialize();
    await addAgent(editor);
    const owner = await lock();
    assert.ok(owner);
    const endpoint = readEndpoint(join(workspace.root, ".coditect/state"), owner.pid);
    assert.ok(endpoint);
    const program = await attach(endpoint);
    const { items } = await program.call("agents/list", {}, new AbortController().signal);
    assert.equal(items.length, 1);
    await program.close();

    const second = overStdio();
    await second.editor.initialize();
    // What editors do first, and what the owner is not asked for over the standard streams.
    assert.deepEqual(await call(second.editor, "credentials/set", { provider: "Claude", keys: ["k"] }), {});
    await addAgent(second.editor);
    // The owner told its own editor of the first agent, and both editors of the second.
    await editor.next("coditect/event");
    assert.deepEqual(await second.editor.next("coditect/event"), await editor.next("coditect/event"));
    const ended = once(child, "exit");
    child.stdin?.end();
    await ended;
    const own = (await call(second.editor, "agents/list")) as MethodResult<"agents/list">;
    assert.equal(own.items.length, 2);
    assert.equal((await lock())?.pid, second.child.pid);
  });

  it("keeps the state of a folder where the editor says", async () => {
    const storage = await testWorkspace();
    const { editor } = overStdio();
    await editor.initialize({ initializationOptions: { state_folder: storage.root } });
    const status = (await call(editor, "runtime/status")) as MethodResult<"runtime/status">;
    assert.ok(status.state_folder.startsWith(storage.root));
    assert.equal(existsSync(join(workspace.root, ".coditect")), false);
    await storage.remove();
  });
});
