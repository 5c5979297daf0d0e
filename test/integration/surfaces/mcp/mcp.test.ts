import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { cleanEnvironment } from "../../../support/command.ts";
import { commandLine } from "../../../support/product.ts";

const TextResult = z.object({
  content: z.tuple([z.object({ type: z.literal("text"), text: z.string() })]),
  isError: z.boolean().default(false),
});

describe("coditect mcp", () => {
  let workspace: string;
  let client: Client;

  beforeEach(async () => {
    workspace = await copySample();
    client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
    const inherited = Object.entries(cleanEnvironment({})).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [
          commandLine,
          ...["mcp", "--workspace", workspace, "--provider", "rehearsal", "--unconfined", "allow"],
        ],
        env: Object.fromEntries(inherited),
        stderr: "ignore",
      }),
    );
  });

  afterEach(async () => {
    await client.close();
    await rm(workspace, { recursive: true, force: true });
  });

  const callTool = async (name: string, args: object, onProgress?: (message: string) => void) =>
    TextResult.parse(
      await client.callTool(
        { name, arguments: { ...args } },
        {
          timeout: 200_000,
          ...(onProgress && {
            onprogress: ({ message }) => {
              onProgress(message ?? "");
            },
          }),
        },
      ),
    );
  const textOf = async (name: string, args: object) => (await callTool(name, args)).content[0].text;

  it("says which tools only read, and opens nothing for that", async () => {
    assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
    const { tools } = await client.listTools();
    const reading = tools.filter(({ annotations }) => annotations?.readOnlyHint === true);
    assert.deepEqual(reading.map(({ name }) => name).sort(), [
      "get_changes",
      "get_run",
      "list_findings",
      "list_runs",
      "prove_change",
    ]);
    assert.equal(tools.find(({ name }) => name === "apply_changes")?.annotations?.destructiveHint, true);
    assert.equal(existsSync(join(workspace, ".coditect")), false);
  });

  it("runs a team with progress, and writes only when told to apply", async () => {
    const progress: string[] = [];
    const before = await readFile(join(workspace, "src/bill.js"), "utf8");
    const request = { team: "tdd", file: "src/bill.js", task: "Split the bill" };
    const { content } = await callTool("run_team", request, (message) => progress.push(message));
    const [{ text }] = content;
    assert.match(text, /: Succeeded$/m);
    assert.match(text, /passed {2}red: /);
    assert.match(text, /passed {2}clean: /);
    assert.ok(progress.some((line) => line.startsWith("implement: green failed")));
    assert.equal(await readFile(join(workspace, "src/bill.js"), "utf8"), before);

    const taskId = /task ([0-9a-f-]{36})/.exec(text)?.[1];
    assert.match(await textOf("get_changes", { task_id: taskId }), /^\+\+\+ b\/src\/bill\.js$/m);
    assert.match(await textOf("list_findings", { task_id: taskId }), /fraction of a cent/);
    assert.match(await textOf("apply_changes", { task_id: taskId }), /src\/bill\.js: written/);
    assert.notEqual(await readFile(join(workspace, "src/bill.js"), "utf8"), before);
  });

  it("answers a wrong request with the error and what to do", async () => {
    const { content, isError } = await callTool("run_team", { team: "no-such-team" });
    assert.equal(isError, true);
    assert.match(content[0].text, /^unknown_workflow: .*no-such-team.*\nAvailable: tdd/);
  });

  it("judges a change that the calling agent made", async () => {
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
        cwd: workspace,
        stdio: "ignore",
      });
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "Begin");
    assert.match(await textOf("prove_change", {}), /Nothing differs from HEAD/);
    await appendFile(join(workspace, "src/bill.js"), 'throw new Error("half done");\n');
    const told: string[] = [];
    const { content } = await callTool("prove_change", {}, (message) => told.push(message));
    assert.match(content[0].text, /The change is not proven: clean[^]*half done/);
    assert.deepEqual(
      told.map((line) => line.slice(0, 7)),
      ["✖ clean"],
    );
  });

  it("cancels the run when the client cancels the call", async () => {
    const stop = new AbortController();
    const call = client.callTool(
      { name: "run_team", arguments: { team: "tdd", file: "src/bill.js" } },
      {
        signal: stop.signal,
        onprogress: () => {
          stop.abort("enough");
        },
      },
    );
    await assert.rejects(call, /enough/);
    const statusNow = async () => await textOf("list_runs", {});
    let runs = await statusNow();
    for (; !runs.includes("Cancelled"); runs = await statusNow())
      assert.match(runs, /Running|Queued|Cancelled/);
  });
});
