import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import {
  client,
  type ClientCapabilities,
  type ClientConnection,
  type InitializeResponse,
  methods,
  ndJsonStream,
  type PermissionOptionKind,
  type NewSessionRequest,
  PROTOCOL_VERSION,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { afterEach, beforeEach, describe, it } from "mocha";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { startModelServer, type JournalEntry, type Turn } from "../../../model-servers.ts";
import { cleanEnvironment } from "../../../support/command.ts";
import { answered, call, finish } from "../../../support/one-round.ts";
import { commandLine } from "../../../support/product.ts";

describe("coditect acp", () => {
  let workspace: string;
  let child: ChildProcessByStdio<Writable, Readable, null>;
  let connection: ClientConnection;
  let updates: SessionUpdate[];
  let onUpdate: (update: SessionUpdate) => void;
  /** The kind of option that the user chooses. */
  let chooses: PermissionOptionKind;
  /** Called when the editor gets a question. The answer follows when the promise resolves. */
  let onQuestion: () => Promise<void>;
  let questions: string[];
  let initialized: InitializeResponse;

  beforeEach(async () => {
    workspace = await copySample();
    updates = [];
    questions = [];
    onUpdate = () => undefined;
    chooses = "allow_once";
    onQuestion = () => Promise.resolve();
    await open(["--provider", "rehearsal"]);
  });

  const open = async (
    flags: readonly string[],
    clientCapabilities: ClientCapabilities = {},
  ): Promise<void> => {
    const command = [commandLine, "acp"];
    child = spawn(process.execPath, [...command, ...flags, "--unconfined", "allow"], {
      env: cleanEnvironment({}),
      stdio: ["pipe", "pipe", "ignore"],
    });
    connection = client({ name: "test" })
      .onRequest(methods.client.session.requestPermission, async ({ params: { toolCall, options } }) => {
        questions.push(toolCall.title ?? "");
        await onQuestion();
        const chosen = options.find(({ kind }) => kind === chooses);
        return {
          outcome:
            chosen === undefined
              ? { outcome: "cancelled" }
              : { outcome: "selected", optionId: chosen.optionId },
        };
      })
      .onNotification(methods.client.session.update, ({ params }) => {
        updates.push(params.update);
        onUpdate(params.update);
      })
      .connect(ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout)));
    initialized = await connection.agent.request(methods.agent.initialize, {
      protocolVersion: PROTOCOL_VERSION,
      clientCapabilities,
    });
  };
  const close = async (): Promise<void> => {
    const exited = once(child, "exit");
    connection.close();
    child.stdin.end();
    await exited;
  };

  afterEach(async () => {
    await close();
    await rm(workspace, { recursive: true, force: true });
  });

  const newSession = async (): Promise<string> => {
    const request: NewSessionRequest = { cwd: workspace, mcpServers: [] };
    return (await connection.agent.request(methods.agent.session.new, request)).sessionId;
  };
  const prompt = (sessionId: string, words: string) =>
    connection.agent.request(methods.agent.session.prompt, {
      sessionId,
      prompt: [{ type: "text", text: words }],
    });
  const source = () => readFile(join(workspace, "src/bill.js"), "utf8");

  it("shows stages as a plan and gates as text, and applies what the user allows", async () => {
    const before = await source();
    assert.deepEqual(initialized.authMethods, []);
    const { stopReason } = await prompt(await newSession(), "/bug-fix src/bill.js Split the bill");
    assert.equal(stopReason, "end_turn");
    const plan = updates.findLast((update) => update.sessionUpdate === "plan");
    assert.deepEqual(
      plan?.entries.map(({ status }) => status),
      plan?.entries.map(() => "completed"),
    );
    const said = updates.flatMap((update) =>
      update.sessionUpdate === "agent_message_chunk" && update.content.type === "text"
        ? [update.content.text]
        : [],
    );
    assert.ok(said.some((line) => line.startsWith("✖ fix · green")));
    assert.ok(said.some((line) => line.startsWith("✔ fix · clean")));
    const diffs = updates.flatMap((update) =>
      update.sessionUpdate === "tool_call" ? (update.content ?? []) : [],
    );
    assert.ok(diffs.some((part) => part.type === "diff" && part.path === join(workspace, "src/bill.js")));
    assert.notEqual(await source(), before);
  });

  it("writes nothing if the user does not allow it, or cancels the prompt without an answer", async () => {
    const files = async () =>
      (await readdir(workspace, { recursive: true })).filter((path) => path.endsWith(".md"));
    const before = await files();
    const sessionId = await newSession();
    const left = Promise.withResolvers<undefined>();
    onQuestion = async () => {
      await connection.agent.notify(methods.agent.session.cancel, { sessionId });
      await left.promise;
    };
    const { stopReason } = await prompt(sessionId, "/architecture src/bill.js Split the bill");
    assert.deepEqual([stopReason, questions], ["cancelled", ["Apply the changes to the workspace"]]);
    left.resolve(undefined);
    onQuestion = () => Promise.resolve();
    chooses = "reject_once";
    await prompt(sessionId, "/architecture src/bill.js Split the bill");
    assert.equal(questions.length, 2);
    assert.deepEqual(await files(), before);
  });

  it("asks for a program that an agent wants to run", async () => {
    let told = "";
    const play = (entry: JournalEntry): Turn => {
      if (answered(entry) === 0) return call("run_command", { command: "cat", args: ["package.json"] });
      told = JSON.stringify(entry.body);
      return finish;
    };
    const model = await startModelServer({ Reviewer: play, Security: play, QualityControl: play });
    const provider = model.ollama();
    assert.ok("Ollama" in provider);
    const { Ollama } = provider;
    await close();
    await open(["--provider", "ollama", "--model", Ollama.model, "--endpoint", Ollama.endpoint], {
      auth: { terminal: true },
    });
    assert.deepEqual(
      initialized.authMethods?.map((method) => "type" in method && [method.type, method.args]),
      [["terminal", ["--setup"]]],
    );
    chooses = "reject_once";
    await prompt(await newSession(), "/review src/bill.js");
    await model.close();
    assert.ok(
      questions.some((title) => /^Allow .+ to run cat\?$/.test(title)),
      questions.join(),
    );
    assert.match(told, /The user did not allow .+ to run cat/);
  });

  it("cancels the run of a prompt", async () => {
    const sessionId = await newSession();
    onUpdate = (update) => {
      if (update.sessionUpdate === "plan")
        void connection.agent.notify(methods.agent.session.cancel, { sessionId });
    };
    assert.equal((await prompt(sessionId, "/tdd src/bill.js Split the bill")).stopReason, "cancelled");
  });

  it("shows a session of an earlier process again, and no other", async () => {
    const promptAndCancel = async (words: string): Promise<string> => {
      const sessionId = await newSession();
      onUpdate = (update) => {
        if (update.sessionUpdate === "plan")
          void connection.agent.notify(methods.agent.session.cancel, { sessionId });
      };
      await prompt(sessionId, words);
      return sessionId;
    };
    const sessionId = await promptAndCancel("/bug-fix src/bill.js Split the bill");
    await promptAndCancel("/bug-fix src/bill.js Of another session");
    await close();
    await open(["--provider", "rehearsal"], { _meta: { "terminal-auth": true } });
    assert.equal(initialized.authMethods?.length, 1);
    updates = [];
    const load = (id: string) =>
      connection.agent.request(methods.agent.session.load, { sessionId: id, cwd: workspace, mcpServers: [] });
    await load(sessionId);
    const words = updates.flatMap((update) =>
      "content" in update && update.content !== null && "text" in update.content ? [update.content.text] : [],
    );
    assert.deepEqual(words, ["/bug-fix src/bill.js Split the bill", "The run ended as Cancelled.\n"]);
    await assert.rejects(load("of-nobody"), /not found/i);
  });

  it("answers a wrong request in the conversation", async () => {
    await prompt(await newSession(), "/no-such-team do it");
    const last = updates.at(-1);
    assert.ok(last?.sessionUpdate === "agent_message_chunk" && last.content.type === "text");
    assert.match(last.content.text, /There is no team or workflow named no-such-team/);
  });
});
