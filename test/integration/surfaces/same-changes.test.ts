import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { client, methods, ndJsonStream, PROTOCOL_VERSION } from "@agentclientprotocol/sdk";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { describe, it } from "mocha";
import { StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { z } from "zod";
import { ChangeSet } from "../../../schemas/changes.ts";
import { copySample } from "../../../server/rehearsal/built-in.ts";
import { cleanEnvironment, root, runCommand, startCommand } from "../../support/command.ts";
import { testEditor, type TestEditor } from "../../support/editor.ts";
import { commandLine, languageServer } from "../../support/product.ts";

// A team that starts no test runner: what differs between the ways is the same for every team.
const TEAM = "architecture";
const FILE = "src/bill.js";
const TASK = "Guests pay in several currencies.";
const rehearsed = ["--provider", "rehearsal", "--unconfined", "allow"];
const tls = (name: string): string => join(root, "test", "fixtures", "tls", name);
const Got = z.object({ change_set: ChangeSet, present: z.array(z.object({ state: z.string() })) });

/** Runs the team on the sample in this folder, and applies nothing. */
type Way = (workspace: string) => Promise<unknown>;

const byCommand: Way = (workspace) =>
  runCommand(["run", TEAM, FILE, "--task", TASK, "--workspace", workspace, ...rehearsed, "--json"]);

const byRest: Way = async (workspace) => {
  const { child, result } = startCommand([
    ...["serve", "--port", "0", "--json", "--workspace", workspace],
    ...["--set", "unconfined=allow"],
  ]);
  assert.ok(child.stdout !== null);
  const [line] = z.tuple([z.instanceof(Buffer)]).parse(await once(child.stdout, "data"));
  const { url, endpoint_file } = z
    .object({ url: z.string(), endpoint_file: z.string() })
    .parse(JSON.parse(line.toString()));
  const { token } = z.object({ token: z.string() }).parse(JSON.parse(await readFile(endpoint_file, "utf8")));
  const ask = async (verb: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(new URL(path, url), {
      method: verb,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return response.json();
  };
  const events = await fetch(new URL("/api/events", url), { headers: { authorization: `Bearer ${token}` } });
  const { provider } = z.object({ provider: z.json() }).parse(await ask("POST", "/api/models/rehearsal", {}));
  await ask("POST", `/api/agent-teams/${TEAM}/execute`, { task: TASK, file: FILE, options: { provider } });
  assert.ok(events.body !== null);
  for await (const chunk of events.body) if (Buffer.from(chunk).includes("event: run.finished")) break;
  child.kill("SIGTERM");
  await result;
};

const byMcp: Way = async (workspace) => {
  const mcp = new Client({ name: "test", version: "1" });
  const env = z.record(z.string(), z.string()).parse(cleanEnvironment({}));
  const args = [commandLine, "mcp", "--workspace", workspace, ...rehearsed];
  await mcp.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: "ignore" }));
  const request = { name: "run_team", arguments: { team: TEAM, file: FILE, task: TASK } };
  await mcp.callTool(request, { timeout: 200_000 });
  await mcp.close();
};

const byAcp: Way = async (workspace) => {
  const child = spawn(process.execPath, [commandLine, "acp", ...rehearsed], {
    env: cleanEnvironment({}),
    stdio: ["pipe", "pipe", "ignore"],
  });
  const connection = client({ name: "test" })
    .onRequest(methods.client.session.requestPermission, () => ({
      outcome: { outcome: "selected", optionId: "no" },
    }))
    .connect(ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout)));
  const clientCapabilities = {};
  await connection.agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities,
  });
  const { sessionId } = await connection.agent.request(methods.agent.session.new, {
    cwd: workspace,
    mcpServers: [],
  });
  await connection.agent.request(methods.agent.session.prompt, {
    sessionId,
    prompt: [{ type: "text", text: `/${TEAM} ${FILE} ${TASK}` }],
  });
  const exited = once(child, "exit");
  connection.close();
  child.stdin.end();
  await exited;
};

/** As the extension of VS Code does: over its language server, with the methods that it calls. */
const throughEditor = async (
  workspace: string,
  environment: NodeJS.ProcessEnv,
  initializationOptions: object,
  work: (editor: TestEditor) => Promise<void>,
): Promise<void> => {
  const child = spawn(process.execPath, [languageServer, "--stdio"], {
    env: cleanEnvironment(environment),
    stdio: ["pipe", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  const editor = testEditor(
    workspace,
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  await editor.initialize({ initializationOptions });
  await work(editor);
  child.kill("SIGTERM");
  await exited;
};

const runTeam = async (editor: TestEditor): Promise<string> => {
  const call = (method: string, params: object) =>
    editor.connection.sendRequest(`coditect/${method}`, params);
  const { provider } = z.object({ provider: z.json() }).parse(await call("models/rehearsal", {}));
  const begun = await call("teams/execute", {
    team_id: TEAM,
    file: FILE,
    task: TASK,
    options: { provider },
  });
  const Event = z.looseObject({ type: z.string() });
  while (Event.parse(await editor.next("coditect/event")).type !== "run.finished");
  return z.object({ task_id: z.string() }).parse(begun).task_id;
};

const byEditor: Way = (workspace) =>
  throughEditor(workspace, {}, {}, async (editor) => {
    const consent = (given: boolean) =>
      editor.connection.sendRequest("coditect/consents/set", { name: "unconfined", given });
    await consent(true);
    await runTeam(editor);
    await consent(false);
  });

/** What the last run of a workspace changed: each file with the hash of what it becomes. */
const changesIn = async (workspace: string): Promise<(string | null)[][]> => {
  const listed = await runCommand(["runs", "list", "--json", "--workspace", workspace]);
  const [first = ""] = listed.stdout.split("\n");
  const { run } = z.object({ run: z.object({ task_id: z.string() }) }).parse(JSON.parse(first));
  const shown = await runCommand(["changes", "show", run.task_id, "--json", "--workspace", workspace]);
  const { files } = ChangeSet.parse(JSON.parse(shown.stdout));
  return files.map(({ path, after }) => [path, after]).toSorted();
};

describe("the same task by every way in", () => {
  it("makes the same change set, to the byte", async () => {
    const ways: Record<string, Way> = { byCommand, byEditor, byRest, byMcp, byAcp };
    const made: Record<string, unknown> = {};
    for (const [name, way] of Object.entries(ways)) {
      const workspace = await copySample();
      await way(workspace);
      made[name] = await changesIn(workspace);
      await rm(workspace, { recursive: true, force: true });
    }
    const { byCommand: expected } = made;
    assert.ok(Array.isArray(expected) && expected.length > 1);
    for (const [name, changes] of Object.entries(made)) assert.deepEqual(changes, expected, name);
  });

  it("makes it on a team server, which has a copy of the files, and applies it here alone", async () => {
    const workspace = await copySample();
    const tenant = await mkdtemp(join(tmpdir(), "coditect-tenant-"));
    const user = await mkdtemp(join(tmpdir(), "coditect-user-"));
    const environment = { XDG_CONFIG_HOME: user, NODE_EXTRA_CA_CERTS: tls("cert.pem") };
    const server = startCommand(
      [
        ...["serve", "--listen", "127.0.0.1:0", "--tls-cert", tls("cert.pem"), "--tls-key", tls("key.pem")],
        ...["--workspace", tenant, "--set", "unconfined=allow", "--json"],
      ],
      { environment },
    );
    try {
      assert.ok(server.child.stdout);
      const [line] = z.tuple([z.instanceof(Buffer)]).parse(await once(server.child.stdout, "data"));
      const { url } = z.object({ url: z.string() }).parse(JSON.parse(line.toString()));
      const create = (role: string) =>
        runCommand(["tokens", "create", "--user", "ada", "--role", role, "--workspace", tenant], {
          environment,
        });
      const [operator, viewer] = [await create("operator"), await create("viewer")];
      const optionsFor = (token: string) => ({
        server: { url, token: token.trim(), machine: "11111111-1111-4111-8111-111111111111" },
      });
      await throughEditor(workspace, environment, optionsFor(operator.stdout), async (editor) => {
        const task_id = await runTeam(editor);
        const call = (method: string, params: object) =>
          editor.connection.sendRequest(`coditect/${method}`, params);
        const got = await call("changes/get", { task_id });
        const { change_set, present } = Got.parse(got);
        const changes = change_set.files.map(({ path, after }) => [path, after]).toSorted();
        const local = await copySample();
        await byCommand(local);
        assert.deepEqual(changes, await changesIn(local));
        await rm(local, { recursive: true, force: true });
        assert.ok(present.every(({ state }) => state === "Original"));
        const added = change_set.files.find(({ before }) => before === null);
        assert.ok(added !== undefined);
        const written = join(workspace, added.path);
        assert.equal(existsSync(written), false);

        await call("changes/apply", { task_id });
        const applied = Got.parse(await call("changes/get", { task_id }));
        assert.equal(applied.change_set.status, "Accepted");
        assert.ok(applied.present.every(({ state }) => state === "Proposed"));
        assert.equal(existsSync(written), true);
      });
      await throughEditor(workspace, environment, optionsFor(viewer.stdout), async (editor) => {
        await assert.rejects(
          editor.connection.sendRequest("coditect/teams/execute", { team_id: TEAM, file: FILE, task: TASK }),
          /teams\/execute needs the role operator/,
        );
        const listed = await editor.connection.sendRequest("coditect/runs/list", {});
        assert.equal(z.object({ items: z.array(z.unknown()) }).parse(listed).items.length, 1);
      });
    } finally {
      server.child.kill("SIGTERM");
      await server.result;
      for (const folder of [workspace, tenant, user]) await rm(folder, { recursive: true, force: true });
    }
  });
});
