import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { startModelServer, type ModelServer } from "../../../model-servers.ts";
import { startCommand, type RunningCommand } from "../../../support/command.ts";
import { finish } from "../../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

const Announced = z.object({ url: z.url(), endpoint_file: z.string() });
const TextResult = z.object({ content: z.tuple([z.object({ type: z.literal("text"), text: z.string() })]) });

describe("MCP over HTTP", () => {
  let workspace: TestWorkspace;
  let model: ModelServer;
  let served: RunningCommand;
  let url: URL;
  let headers: Record<string, string>;

  beforeEach(async () => {
    model = await startModelServer({ Reviewer: () => finish });
    workspace = await testWorkspace({ "a.txt": "one\n" });
    const settings = ["--set", `provider=${JSON.stringify(model.ollama())}`];
    served = startCommand(["serve", "--port", "0", "--json", "--workspace", workspace.root, ...settings]);
    assert.ok(served.child.stdout !== null);
    const [line] = (await once(served.child.stdout, "data")) as [Buffer];
    const announced = Announced.parse(JSON.parse(line.toString()));
    const { token } = z
      .object({ token: z.string() })
      .parse(JSON.parse(await readFile(announced.endpoint_file, "utf8")));
    url = new URL("/mcp", announced.url);
    headers = { authorization: `Bearer ${token}` };
  });
  afterEach(async () => {
    served.child.kill("SIGTERM");
    await served.result;
    await model.close();
    await workspace.remove();
  });

  const connect = async (mode: "auto" | "legacy" = "legacy"): Promise<Client> => {
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    return client;
  };

  it("runs a team for a client with the token, and tells its progress", async () => {
    const client = await connect();
    const progress: string[] = [];
    const result = await client.callTool(
      { name: "run_team", arguments: { team: "review", file: "a.txt" } },
      { onprogress: ({ message }) => progress.push(message ?? ""), timeout: 50_000 },
    );
    const [{ text }] = TextResult.parse(result).content;
    assert.match(text, /^Team review, task [0-9a-f-]{36}: /);
    assert.ok(progress.length > 0);
    const listed = TextResult.parse(await client.callTool({ name: "list_runs", arguments: {} }));
    assert.match(listed.content[0].text, /"team": "review"/);
    await client.close();
  });

  it("supports protocol 2026-07-28, in which a call ends with its request", async () => {
    const client = await connect("auto");
    assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
    const stop = new AbortController();
    const request = { name: "run_team", arguments: { team: "review", file: "a.txt" } };
    const onprogress = (): void => {
      stop.abort("enough");
    };
    await assert.rejects(client.callTool(request, { signal: stop.signal, onprogress }), /enough/);
    const ended = /"status": "(Cancelled|Succeeded|Failed)"/;
    const runs = async () => JSON.stringify(await client.callTool({ name: "list_runs", arguments: {} }));
    let listed = await runs();
    while (!ended.test(listed.replaceAll("\\", ""))) listed = await runs();
    assert.match(listed, /Cancelled/);
    await client.close();
  });

  it("admits by the same rules as REST, and knows no session that was not begun", async () => {
    const post = (extra: Record<string, string>) =>
      fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...extra,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
      }).then(({ status }) => status);
    assert.equal(await post({}), 401);
    assert.equal(await post({ authorization: "Bearer wrong" }), 401);
    assert.equal(await post({ ...headers, origin: "https://example.org" }), 403);
    assert.equal(await post({ ...headers, "mcp-session-id": "unknown" }), 404);
    assert.equal(await post(headers), 400);
  });

  it("keeps the sessions of clients apart, and ends none with another", async () => {
    const [one, other] = await Promise.all([connect(), connect()]);
    await one.close();
    assert.ok((await other.listTools()).tools.length > 5);
    await other.close();
  });
});
