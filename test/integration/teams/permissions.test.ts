import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { PermissionDecision, PermissionRequest } from "../../../schemas/permissions.ts";
import type { SettingsInput } from "../../../schemas/settings.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type JournalEntry, type ModelServer, type Turn } from "../../model-servers.ts";
import { answered, call, finish, reader } from "../../support/one-round.ts";
import { runGit } from "../../support/git.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const run = (command: string, ...args: string[]): Turn => call("run_command", { command, args });
const cat = run("cat", "note.txt");

describe("an agent that asks the user while it works", () => {
  let turns: Turn[];
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;
  beforeEach(async () => {
    turns = [];
    const play = (entry: JournalEntry): Turn => turns[answered(entry)] ?? finish;
    model = await startModelServer({ Reviewer: play });
    files = await testWorkspace({ "note.txt": "from the note\n" });
  });
  afterEach(async () => {
    await project.close();
    await files.remove();
    await model.close();
  });

  const open = async (settings: SettingsInput = {}): Promise<void> => {
    project = await startRuntime({
      workspace: files.root,
      settings: { provider: model.ollama(), ...settings },
    });
    await project.call("teams/create", reader);
  };
  /** Answers every question the same way. */
  const answer = (decision: PermissionDecision): void => {
    project.runtime.subscribe((event) => {
      if (event.type !== "permission.needed") return;
      const { permission_id } = event.permission;
      void project.call("permissions/answer", { permission_id, decision });
    });
  };
  const asked = (): PermissionRequest[] =>
    project.told("permission.needed").map(({ permission }) => permission);
  /** Runs the turns. Returns what each tool returned to the agent. */
  const work = async (ask_permissions = true): Promise<string[]> => {
    const { task_id } = await project.run("reader", { task: "Look.", options: { ask_permissions } });
    const { executions } = await project.call("runs/get", { task_id });
    const { execution_id } = executions[0] ?? assert.fail("nothing was executed");
    const { entries } = await project.call("executions/transcript", { execution_id });
    return entries.flatMap((entry) => (entry.type === "tool" ? [entry.outcome.content] : [])).slice(0, -1);
  };

  it("runs a program once, and asks again for the next call", async () => {
    await open();
    answer("allow_once");
    turns = [cat, cat];
    const said = await work();
    assert.deepEqual(
      said.map((text) => text.includes("from the note")),
      [true, true],
    );
    assert.deepEqual(
      asked().map(({ agent_type, kind, name, command }) => ({ agent_type, kind, name, command })),
      Array(2).fill({ agent_type: "Reviewer", kind: "command", name: "cat", command: "cat note.txt" }),
    );
    assert.deepEqual(await project.call("consents/list", {}), { items: [] });
  });

  it("remembers what is always allowed, for this agent and program, until it is revoked", async () => {
    await open();
    answer("allow_always");
    turns = [cat];
    await work();
    const { items } = await project.call("consents/list", {});
    assert.deepEqual(
      items.map(({ name, of, given_by }) => ({ name, of, given_by })),
      [{ name: "command", of: "Reviewer: cat", given_by: "user:cli" }],
    );
    assert.match((await work())[0] ?? "", /from the note/);
    assert.equal(asked().length, 1);
    await project.call("consents/set", { name: "command", of: "Reviewer: cat", given: false });
    await work();
    assert.equal(asked().length, 2);
  });

  it("is told what the user denied, and the user is not asked again", async () => {
    await open();
    answer("deny");
    turns = [cat, cat];
    for (const text of await work()) assert.match(text, /^The user did not allow Reviewer to run cat\./);
    assert.equal(asked().length, 1);
  });

  for (const [name, settings, ask] of [
    ["nobody follows its run", {}, false],
    ["the settings refuse questions", { permissions: "refuse" }, true],
  ] as const)
    it(`is refused at once where ${name}`, async () => {
      await open({ ...settings, allowed_commands: ["true"] });
      turns = [cat];
      assert.deepEqual(await work(ask), ["cat may not be run here. These may: true. There is no shell."]);
      assert.deepEqual(asked(), []);
    });

  it("stops waiting when the run is cancelled", async () => {
    await open();
    turns = [cat];
    const working = project.run("reader", { task: "Look.", options: { ask_permissions: true } });
    const { task_id, permission } = await project.event("permission.needed");
    assert.deepEqual(await project.call("permissions/list", {}), { items: [permission] });
    await project.call("runs/cancel", { task_id });
    assert.equal((await working).status, "Cancelled");
    assert.deepEqual(
      project.told("permission.settled").map(({ decision }) => decision),
      [null],
    );
    const { permission_id } = permission;
    await assert.rejects(project.call("permissions/answer", { permission_id, decision: "deny" }), {
      code: "not_found",
    });
  });

  describe("for a file that tests need", () => {
    const team: typeof reader = {
      ...reader,
      workflow_stages: reader.workflow_stages.map((stage) => ({ ...stage, gates: ["clean"] })),
    };
    const script = JSON.stringify({ test: "node --env-file=.env.test --test" });
    const test = [
      'require("node:test").test("has its key", () =>',
      '  require("node:assert").equal(process.env.API_TOKEN, "not-a-real-token"));',
    ].join("\n");
    const settle = async (): Promise<string[]> => {
      const { task_id } = await project.run("reader", { task: "Look.", options: { ask_permissions: true } });
      const { run, executions } = await project.call("runs/get", { task_id });
      const { execution_id } = executions[0] ?? assert.fail("nothing was executed");
      const { entries } = await project.call("executions/transcript", { execution_id });
      const said = entries.flatMap((entry) => (entry.type === "tool" ? [entry.outcome.content] : []));
      return [run.status, run.error?.message ?? "", said[0] ?? ""];
    };

    beforeEach(async () => {
      await files.remove();
      files = await testWorkspace({
        ".env.test": "API_TOKEN=not-a-real-token\n",
        "package.json": `{"name":"shop","scripts":${script}}`,
        "key.test.js": test,
      });
      await runGit(files.root, "init", "--quiet");
      await runGit(files.root, "add", ".");
      project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
      await project.call("teams/create", team);
      turns = [call("read_file", { path: ".env.test" })];
    });

    it("is asked once, opens the file only to tests, and remembers the answer", async () => {
      answer("allow_always");
      for (let run = 0; run < 2; run += 1) {
        const [status, , said = ""] = await settle();
        assert.equal(status, "Succeeded");
        assert.match(said, /\.env\.test/);
        assert.doesNotMatch(said, /not-a-real-token/);
      }
      assert.deepEqual(
        asked().map(({ kind, name }) => ({ kind, name })),
        [{ kind: "file", name: ".env.test" }],
      );
      // In the first run, the duration of all tests is unknown. A later run knows it before they start.
      const expected = project.told("suite.started").map(({ expected_ms }) => expected_ms);
      assert.deepEqual(
        expected.map((duration) => duration !== null),
        [false, false, true, true, true],
      );
      assert.equal(project.told("suite.ended").length, expected.length);
      const { items } = await project.call("consents/list", {});
      assert.deepEqual(
        items.map(({ name, of }) => ({ name, of })),
        [{ name: "file", of: ".env.test" }],
      );
    });

    it("says what is missing if the user denies it", async () => {
      answer("deny");
      const [status, error = ""] = await settle();
      assert.equal(status, "Failed");
      assert.match(error, /\.env\.test is not in the private copy/);
      assert.equal(asked().length, 1);
    });
  });

  describe("for a host", () => {
    let server: Server;
    let address: string;
    beforeEach(async () => {
      server = createServer((_request, response) => response.end("reached")).listen(0, "127.0.0.1");
      await once(server, "listening");
      // A server that listens on a port has an address of this form.
      address = `localhost:${(server.address() as AddressInfo).port}`;
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    /** Uses the proxy, like programs that honor HTTP_PROXY. */
    const fetching = (): Turn =>
      run(
        "node",
        "-e",
        `const proxy = new URL(process.env.HTTP_PROXY);
         require("http").get({ host: proxy.hostname, port: proxy.port, path: "http://${address}/" }, (answer) =>
           answer.setEncoding("utf8").on("data", (text) => console.log(answer.statusCode, text)));`,
      );

    it("connects once it is allowed, and the execution is on record as acting outwardly", async () => {
      await open({ allowed_commands: ["node"] });
      answer("allow_once");
      turns = [fetching(), fetching()];
      for (const text of await work()) assert.match(text, /200 reached/);
      assert.deepEqual(
        asked().map(({ kind, name }) => ({ kind, name })),
        [{ kind: "host", name: address }],
      );
      const [execution] = project.runtime.store.all("executions");
      assert.equal(execution?.metadata.exposure?.acts_outwardly, true);
    });

    it("gets 403 for what is denied", async () => {
      await open({ allowed_commands: ["node"] });
      answer("deny");
      turns = [fetching()];
      assert.match((await work())[0] ?? "", /403/);
    });
  });
});
