import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { after, before, describe, it } from "mocha";
import { z } from "zod";
import { type McpEndpoint, openMcpEndpoint } from "../../../../server/surfaces/mcp/http.ts";
import { createMcpServer } from "../../../../server/surfaces/mcp/server.ts";
import { startCommand, type RunningCommand } from "../../../support/command.ts";
import { runConformance } from "../../../support/conformance.ts";
import { addSuiteParts } from "../../../support/conformance-server.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

/** Scenarios about the protocol itself. */
const passing = [
  "dns-rebinding-protection",
  "ping",
  "prompts-list",
  "server-initialize",
  "server-sse-multiple-streams",
  "tools-list",
];

/** Scenarios that ask for tools, prompts and resources which the suite's own server has, and ours has not. */
const notOurs = /^(completion|elicitation|logging|prompts|resources|tools-call)-[a-z0-9-]+$/;

/** The scenario about the host that a request names is about the surface, which is not part of the endpoint. */
const ofTheSurface = ["dns-rebinding-protection"];

/** Shows the token for the suite, which cannot. Names of the relay become names of the server. */
const startRelay = async (target: URL, token: string): Promise<Server> => {
  const relay = createServer((asked, answer) => {
    const own = `:${asked.socket.localPort}`;
    const headers = { ...asked.headers, authorization: `Bearer ${token}` };
    for (const name of ["host", "origin"] as const)
      if (headers[name]?.endsWith(own) === true)
        headers[name] = headers[name].slice(0, -own.length) + `:${target.port}`;
    const options = { host: target.hostname, port: target.port, path: asked.url, method: asked.method };
    const passedOn = request({ ...options, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passedOn.on("error", () => answer.destroy());
    answer.on("close", () => passedOn.destroy());
    asked.pipe(passedOn);
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  return relay;
};

describe("the MCP server and the protocol's conformance suite", () => {
  let workspace: TestWorkspace;
  let served: RunningCommand;
  let relay: Server;

  before(async () => {
    workspace = await testWorkspace({ "a.txt": "one\n" });
    served = startCommand(["serve", "--port", "0", "--json", "--workspace", workspace.root]);
    assert.ok(served.child.stdout !== null);
    const [line] = z.tuple([z.instanceof(Buffer)]).parse(await once(served.child.stdout, "data"));
    const { url, endpoint_file } = z
      .object({ url: z.url(), endpoint_file: z.string() })
      .parse(JSON.parse(line.toString()));
    const endpoint: unknown = JSON.parse(await readFile(endpoint_file, "utf8"));
    relay = await startRelay(new URL(url), z.object({ token: z.string() }).parse(endpoint).token);
  });
  after(async () => {
    relay.closeAllConnections();
    relay.close();
    served.child.kill("SIGTERM");
    await served.result;
    await workspace.remove();
  });

  it("passes every scenario that does not ask for the suite's own tools", async () => {
    const { port } = relay.address() as AddressInfo;
    const { passed, failed, report } = await runConformance([
      ...["server", "--url", `http://127.0.0.1:${port}/mcp`],
    ]);
    assert.deepEqual(passed, passing, report);
    assert.deepEqual(
      failed.filter((name) => !notOurs.test(name)),
      [],
      report,
    );
  });
});

describe("the MCP endpoint and the protocol's conformance suite", () => {
  let web: Server;
  let endpoint: McpEndpoint;

  before(async () => {
    endpoint = openMcpEndpoint(() => {
      const server = createMcpServer(() => Promise.reject(new Error("no run is started")), "1");
      addSuiteParts(server);
      return server;
    });
    web = createServer((asked, answer) => {
      const body = asked.method === "POST" ? json(asked) : Promise.resolve(undefined);
      void body.then((read) => endpoint.handle(asked, answer, read)).catch(() => answer.destroy());
    }).listen(0, "127.0.0.1");
    await once(web, "listening");
  });
  after(async () => {
    await endpoint.close();
    web.closeAllConnections();
    web.close();
  });

  it("passes every other scenario with the suite's own tools, resources and prompts", async () => {
    const { port } = web.address() as AddressInfo;
    const { passed, failed, report } = await runConformance([
      ...["server", "--url", `http://127.0.0.1:${port}/mcp`],
    ]);
    assert.deepEqual(failed, ofTheSurface, report);
    assert.equal(passed.length, 29, report);
  });
});
