import assert from "node:assert/strict";
import * as vscode from "vscode";
import { extension, fileUri, nextEvent, onDisk, useProvider, workspaceFolder } from "./extension.ts";

const SOURCE = "src/bill.js";
const TASK = "Guests pay in several currencies. Decide how amounts are represented.";

/** What a participant wrote, in the order it did. */
const recordedStream = () => {
  const parts: { kind: string; text: string }[] = [];
  const record = (kind: string) => (value: unknown) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    parts.push({ kind, text });
  };
  const stream = { markdown: record("markdown"), progress: record("progress"), button: record("button") };
  // Only these three are written to; a call of another one fails the test.
  return { parts, stream: stream as unknown as vscode.ChatResponseStream };
};

const ask = async (
  command: string,
  prompt: string,
  references: readonly vscode.ChatPromptReference[] = [],
  token: vscode.CancellationToken = new vscode.CancellationTokenSource().token,
): Promise<{ kind: string; text: string }[]> => {
  const { participant } = await extension().activate();
  const { parts, stream } = recordedStream();
  // What chat hands over beside these is not read.
  const request = { command, prompt, references } as unknown as vscode.ChatRequest;
  await participant.requestHandler(request, { history: [] }, stream, token);
  return parts;
};

/** Markdown that only says text, as it is read. */
const plain = (markdown: string): string => markdown.replace(/\\(.)/g, "$1");

describe("chat and tests of the editor", () => {
  before(() => useProvider("Rehearsal"));
  after(() => useProvider(undefined));

  it("@coditect /adr runs the architecture team, tells its stages and gates, and offers the review", async () => {
    const parts = await ask("adr", TASK);
    const told = parts.filter(({ kind }) => kind === "progress").map(({ text }) => plain(text));
    assert.ok(told.includes("decide (Architecture)"), told.join("\n"));
    assert.ok(told.some((text) => text.startsWith("Gate documents held")));
    const summary = parts.find(({ kind }) => kind === "markdown")?.text ?? "";
    assert.match(summary, /every gate held/);
    assert.match(summary, /The workspace has not changed/);
    const button = parts.at(-1);
    assert.equal(button?.kind, "button");
    assert.match(button.text, /coditect\.reviewChanges/);
  });

  it("@coditect /tdd works on the file that was attached, and changes nothing by itself", async () => {
    const before = await onDisk(SOURCE);
    const started = nextEvent("run.started");
    const value = new vscode.Location(fileUri(SOURCE), new vscode.Position(0, 0));
    const cancelled = new vscode.CancellationTokenSource();
    const asked = ask("tdd", "x", [{ id: "file", value }], cancelled.token);
    const { task_id, workflow } = await started;
    assert.equal(workflow, "tdd");
    const { runtime } = await extension().activate();
    const { task } = await runtime.call("runs/get", { task_id }, workspaceFolder().uri.toString());
    assert.equal(task.file, SOURCE);
    cancelled.cancel();
    const parts = await asked;
    assert.match(parts.find(({ kind }) => kind === "markdown")?.text ?? "", /cancelled/);
    assert.equal(await onDisk(SOURCE), before);
  });

  it("@coditect says what is missing", async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    assert.match((await ask("fix", " "))[0]?.text ?? "", /Describe it after \/fix/);
    assert.match((await ask("review", ""))[0]?.text ?? "", /Open the file/);
  });

  it("a language model's tool runs no team when the user says no", async function () {
    // Somebody has to answer VS Code's question: `test/editor/host.ts` does.
    if (process.env.CODITECT_HOST_DECLINES === undefined) this.skip();
    const { runtime } = await extension().activate();
    const started: string[] = [];
    const subscription = runtime.onEvent(({ event }) => {
      if (event.type === "run.started") started.push(event.task_id);
    });
    const options = { input: { file: SOURCE }, toolInvocationToken: undefined };
    await assert.rejects(
      Promise.resolve(vscode.lm.invokeTool("coditect_review_file", options)),
      /cancell?ed/i,
    );
    subscription.dispose();
    assert.deepEqual(started, []);
  });

  it("a failing test of the Test Explorer starts the bug-fix team on its file", async () => {
    const controller = vscode.tests.createTestController("coditect-test", "Test");
    try {
      const item = controller.createTestItem("split", "splits evenly", fileUri("test/bill.test.js"));
      item.error = "expected 34, got 33";
      controller.items.add(item);
      const withMessage = { test: item, message: new vscode.TestMessage("expected 34, got 33") };
      for (const handedOver of [item, withMessage]) {
        const started = nextEvent("run.started");
        const finished = nextEvent("run.finished");
        await vscode.commands.executeCommand("coditect.fixFailedTest", handedOver);
        const { task_id, workflow } = await started;
        assert.equal(workflow, "bug-fix");
        const { runtime } = await extension().activate();
        const folder = workspaceFolder().uri.toString();
        const { task } = await runtime.call("runs/get", { task_id }, folder);
        assert.equal(task.file, "test/bill.test.js");
        assert.match(task.description, /splits evenly.*expected 34, got 33/);
        await runtime.call("runs/cancel", { task_id }, folder);
        await finished;
      }
    } finally {
      controller.dispose();
    }
  });
});
