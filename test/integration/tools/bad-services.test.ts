import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { callNamed, toolWorkspace, type ToolWorkspace } from "../../support/open-tools.ts";
import { anAgent } from "../../support/records.ts";

const Asked = z.looseObject({ id: z.union([z.number(), z.string()]).optional(), method: z.string() });
type Asked = z.infer<typeof Asked>;

const UNKNOWN_METHOD = { code: -32601, message: "Method not found" };

const results: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "bad", version: "1" },
  },
  "tools/list": { tools: [{ name: "act", inputSchema: { type: "object" } }] },
  "tools/call": { content: [{ type: "text", text: "did it" }] },
};

describe("bad MCP servers over HTTP", () => {
  let files: ToolWorkspace;
  let service: Server;
  let host: string;
  /** Answers a request in another way than a good server; false: it does not. */
  let misbehave: (asked: Asked, response: ServerResponse) => boolean;
  /** What was requested with a header of the user, and when an answer that never ends was closed. */
  let paths: string[];

  beforeEach(async () => {
    paths = [];
    misbehave = () => false;
    files = toolWorkspace();
    service = createServer((request, response) => {
      paths.push(request.url ?? "");
      if (request.method !== "POST") {
        response.writeHead(405).end();
        return;
      }
      void json(request).then((body) => {
        const asked = Asked.parse(body);
        if (misbehave(asked, response)) return;
        if (asked.id === undefined) response.writeHead(202).end();
        else {
          const result = results[asked.method];
          const answer = result === undefined ? { error: UNKNOWN_METHOD } : { result };
          response.writeHead(200, { "content-type": "application/json" });
          response.end(JSON.stringify({ jsonrpc: "2.0", id: asked.id, ...answer }));
        }
      });
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    host = `127.0.0.1:${(service.address() as AddressInfo).port}`;
    files.writeServers({ it: { url: `http://${host}/mcp`, headers: {} } });
  });
  afterEach(async () => {
    await files.remove();
    service.closeAllConnections();
    service.close();
  });

  const offers = async (): Promise<string[]> =>
    (await files.open({ allowed: [host], startMilliseconds: 1500 }).offers(anAgent(), null)).map(
      ({ name }) => name,
    );
  const callAct = (signal = AbortSignal.timeout(30_000)) =>
    callNamed(files.open({ allowed: [host] }), anAgent(), "it__act", {}, signal);

  it("that work correctly are used, so that the others are not left out for another reason", async () => {
    assert.deepEqual(await callAct(), { content: "did it", is_error: false });
  });

  for (const target of ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/mcp", "http://[::1]/mcp"])
    it(`that redirect to ${target} are left out, and no request goes there`, async () => {
      misbehave = (_asked, response) => {
        response.writeHead(307, { location: target }).end();
        return true;
      };
      assert.deepEqual(await offers(), []);
      assert.match(files.warnings.join("\n"), /Tools may not connect to/);
      assert.deepEqual(paths, ["/mcp"]);
    });

  it("that redirect in a circle are left out", async () => {
    misbehave = (_asked, response) => {
      response.writeHead(307, { location: "/mcp" }).end();
      return true;
    };
    assert.deepEqual(await offers(), []);
    assert.equal(paths.length, 4);
  });

  /** A stream of events that sends comments and never the answer. */
  const neverEnds = (response: ServerResponse): (() => Promise<unknown>) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write(": still here\n\n"), 20);
    const closed = once(response, "close").then(() => {
      clearInterval(timer);
    });
    return () => closed;
  };

  it("whose stream never ends at the start are left out, with the reason", async () => {
    misbehave = ({ method }, response) => {
      if (method === "tools/list") neverEnds(response);
      return method === "tools/list";
    };
    assert.deepEqual(await offers(), []);
    assert.match(files.warnings.join("\n"), /it did not start and list its tools within 1\.5 seconds/);
  });

  it("whose stream never ends in a call are disconnected when the call is cancelled", async () => {
    const stop = new AbortController();
    const { promise: closed, resolve } = Promise.withResolvers<unknown>();
    misbehave = ({ method }, response) => {
      if (method !== "tools/call") return false;
      resolve(neverEnds(response)());
      stop.abort();
      return true;
    };
    await assert.rejects(callAct(stop.signal), { code: "cancelled" });
    await files.remove();
    await closed;
    files = toolWorkspace();
  });

  it("that do not answer with a message cause an error that the agent reads", async () => {
    misbehave = ({ method }, response) => {
      if (method !== "tools/call") return false;
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>Log in</h1>");
      return true;
    };
    const { content, is_error } = await callAct();
    assert.equal(is_error, true);
    assert.match(content, /The MCP server it failed: .*text\/html/);
  });

  it("that send an endless message are ended", async () => {
    misbehave = ({ method }, response) => {
      if (method !== "tools/call") return false;
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(1 << 20)));
      };
      response.on("drain", more);
      more();
      return true;
    };
    const { content, is_error } = await callAct();
    assert.equal(is_error, true);
    assert.match(content, /it sent a message larger than 32 MB/);
  });
});
