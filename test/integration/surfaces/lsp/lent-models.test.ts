import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import type { MethodResult } from "../../../../schemas/contract.ts";
import { RuntimeEvent } from "../../../../schemas/events.ts";
import type { LentRequest } from "../../../../schemas/lent-models.ts";
import { shippedPath } from "../../../../server/platform/installation.ts";
import { loadScript, type RehearsalScript } from "../../../../server/rehearsal/script.ts";
import { type TestEditor, testEditor } from "../../../support/editor.ts";
import {
  type LentModelRecord,
  type LentTurn,
  lendModel,
  lentTurn,
  someProvider,
} from "../../../support/lent-model.ts";
import { languageServer } from "../../../support/product.ts";

const FILE = "src/bill.js";

/** An editor that lends a model, and the language server it started, on one folder. */
interface Window {
  editor: TestEditor;
  server: ChildProcess;
  lent: LentModelRecord;
  call: (method: string, params?: object) => Promise<unknown>;
  /** The end of the run that goes on. */
  finished(): Promise<Extract<RuntimeEvent, { type: "run.finished" }>>;
}

describe("the language models of an editor", () => {
  let script: RehearsalScript;
  let root: string;
  const windows: Window[] = [];

  before(async () => {
    script = await loadScript(shippedPath("media", "rehearsal", "bug-fix.json"));
  });
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "coditect-lent-"));
    await cp(shippedPath("media", "sample"), root, { recursive: true });
  });
  afterEach(async () => {
    for (const { server } of windows.splice(0)) server.kill("SIGKILL");
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  });

  const openWindow = async (
    answer: (request: LentRequest) => LentTurn,
    { lends = true } = {},
  ): Promise<Window> => {
    const server = spawn(process.execPath, [languageServer, "--stdio"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const editor = testEditor(
      root,
      new StreamMessageReader(server.stdout),
      new StreamMessageWriter(server.stdin),
    );
    const lent = lendModel(editor, answer);
    await editor.initialize({
      initializationOptions: { lends_models: lends, settings: { runtime: { unconfined: "allow" } } },
    });
    const window: Window = {
      editor,
      server,
      lent,
      call: (method, params = {}) => editor.connection.sendRequest(`coditect/${method}`, params),
      finished: async () => {
        for (;;) {
          const { workspace: _, ...sent } = (await editor.next("coditect/event")) as { workspace: string };
          const event = RuntimeEvent.parse(sent);
          if (event.type === "run.finished") return event;
        }
      },
    };
    windows.push(window);
    return window;
  };
  const start = async ({ call }: Window): Promise<string> => {
    const options = { provider: someProvider };
    const run = await call("teams/execute", { team_id: "bug-fix", file: FILE, task: script.task, options });
    return (run as MethodResult<"teams/execute">).task_id;
  };

  it("are listed with their windows, and at no known price", async () => {
    const { call } = await openWindow(() => ({ never: true }));
    const { items } = (await call("models/list", { reachable: true })) as MethodResult<"models/list">;
    const [listed] = items.filter(({ provider }) => "VSCode" in provider);
    assert.deepEqual(listed, {
      ...{ provider: someProvider, name: "copilot/gpt-lent", available: true },
      ...{ problem: null, problem_code: null, price: null, context_window: 64_000 },
    });
  });

  it("take a team from its task to a proven change", async () => {
    const window = await openWindow((request) => lentTurn(script, request));
    const taskId = await start(window);
    const { status, error, usage } = await window.finished();
    assert.equal(status, "Succeeded", JSON.stringify(error));
    const calls = window.lent.requests.length;
    assert.deepEqual(
      [usage.input_tokens, usage.output_tokens, usage.cost],
      [calls * 1000, calls * 100, null],
    );
    const [first] = window.lent.requests;
    assert.equal(first?.model, "copilot/gpt-lent");
    assert.match(JSON.stringify(first.messages[0]), /"user".*Agent: Orchestrator/);
    const { executions } = (await window.call("runs/get", { task_id: taskId })) as MethodResult<"runs/get">;
    const [execution] = executions;
    assert.ok(execution);
    const shown = (await window.call("executions/request", {
      execution_id: execution.execution_id,
    })) as MethodResult<"executions/request">;
    assert.equal(shown.url, "vscode:lm");
    assert.deepEqual(shown.headers, {});
  });

  it("are asked no longer once the user cancels the run", async () => {
    const window = await openWindow(() => ({ never: true }));
    const taskId = await start(window);
    await window.lent.asked(1);
    await window.call("runs/cancel", { task_id: taskId });
    assert.equal((await window.finished()).status, "Cancelled");
    assert.equal(window.lent.cancelled, 1);
  });

  it("leave a run that can be resumed when the editor is closed during a call", async () => {
    const closing = await openWindow(() => ({ never: true }));
    const taskId = await start(closing);
    await closing.lent.asked(1);
    const ended = once(closing.server, "exit");
    closing.server.stdin?.end();
    await ended;
    const next = await openWindow(() => ({ never: true }));
    const { run } = (await next.call("runs/get", { task_id: taskId })) as MethodResult<"runs/get">;
    assert.equal(run.status, "Interrupted");
    await next.call("runs/resume", { task_id: taskId });
    await next.lent.asked(1);
    assert.match(JSON.stringify(next.lent.requests[0]?.messages[0]), /Agent: Orchestrator/);
  });

  it("end a run with the reason when VS Code does not let it use them", async () => {
    const window = await openWindow(() => ({
      failure: { code: "NoPermissions", message: "The user said no" },
    }));
    await start(window);
    const { status, error } = await window.finished();
    assert.equal(status, "Failed");
    assert.equal(error?.code, "model_not_allowed");
    assert.match(error.message, /The user said no/);
    assert.equal(window.lent.requests.length, 1);
  });

  it("are refused before a run where the editor lends none", async () => {
    const window = await openWindow(() => ({ never: true }), { lends: false });
    const question = { team_id: "bug-fix", provider: someProvider };
    const { problem } = (await window.call("models/check", question)) as MethodResult<"models/check">;
    assert.equal(problem?.code, "provider_only_in_editor");
    await assert.rejects(start(window), /works only in VS Code/);
    const { items } = (await window.call("models/list", {})) as MethodResult<"models/list">;
    assert.ok(items.every(({ provider }) => !("VSCode" in provider)));
  });
});
