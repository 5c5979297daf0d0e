import assert from "node:assert/strict";
import { client, methods, ndJsonStream, PROTOCOL_VERSION } from "@agentclientprotocol/sdk";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { z } from "zod";
import type { MethodInput } from "../../../schemas/contract.ts";
import { AcpAgent } from "../../../server/surfaces/acp/agent.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer } from "../../model-servers.ts";
import { answered, call, finish, reader } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";
import { bearer, serveTest } from "../../unit/surfaces/rest/support.ts";
import { pathOf, useCollector } from "./collector.ts";

const Session = z.object({ sessionId: z.string() });
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";
const _meta = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: "shop=1" };

describe("the trace of a run that another surface starts", () => {
  const collector = useCollector();
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;

  beforeEach(async () => {
    const read = call("read_file", { path: "a.js" });
    model = await startModelServer({ Reviewer: (entry) => (answered(entry) === 0 ? read : finish) });
    files = await testWorkspace({ "a.js": "export const a = 1;\n" });
    project = await startRuntime({
      workspace: files.root,
      settings: { provider: model.ollama(), open_telemetry: true },
    });
    await project.call("teams/create", reader);
  });
  afterEach(async () => {
    await files.remove();
    await model.close();
  });

  /** Ends the runtime, so that all is sent; the names from the caller's span down to the tool's. */
  const pathToTool = async (): Promise<string[]> => {
    await project.close();
    const tool = collector.spans.find(({ name }) => name === "execute_tool read_file");
    return pathOf(tool ?? assert.fail("no tool was called"), collector.spans);
  };
  const below = [
    "invoke_workflow reader",
    "stage read",
    "invoke_agent Reviewer",
    "execute_tool read_file",
  ] as const;

  it("begins with the call of an MCP client, and with the client's span if it names one", async () => {
    const server = await serveTest(Promise.resolve(project.runtime));
    const url = new URL("/mcp", server.url);
    const mcp = new Client({ name: "test", version: "1" });
    await mcp.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers: bearer } }));
    await mcp.callTool({ name: "run_team", arguments: { team: "reader", file: "a.js" }, _meta });
    await mcp.close();
    await server.close();
    assert.deepEqual(await pathToTool(), [CALLER, "tools/call run_team", ...below]);
    assert.ok(collector.spans.every(({ traceId }) => traceId === TRACE));
  });

  it("begins with the prompt of an ACP client, and with the client's span if it names one", async () => {
    const { runtime } = project;
    const acp = new AcpAgent(
      () =>
        Promise.resolve({
          connection: {
            call: (method, params) => project.call(method, params),
            subscribe: (listener) => runtime.subscribe(listener),
            isAttached: false,
            lost: new Promise<never>(() => undefined),
            close: () => Promise.resolve(),
          },
          runOptions: {},
          close: () => Promise.resolve(),
        }),
      "1",
    );
    const [toAgent, toClient] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    const served = acp.app.connect(ndJsonStream(toClient.writable, toAgent.readable));
    const connection = client({ name: "test" })
      .onNotification(methods.client.session.update, () => undefined)
      .connect(ndJsonStream(toAgent.writable, toClient.readable));
    const agent = connection.agent;
    const capabilities = { protocolVersion: PROTOCOL_VERSION, clientCapabilities: {} };
    await agent.request(methods.agent.initialize, capabilities);
    const session = { cwd: files.root, mcpServers: [] };
    const { sessionId } = Session.parse(await agent.request(methods.agent.session.new, session));
    const prompt = [{ type: "text" as const, text: "/reader a.js" }];
    await agent.request(methods.agent.session.prompt, { sessionId, prompt, _meta });
    await acp.close();
    connection.close();
    served.close();
    assert.deepEqual(await pathToTool(), [CALLER, "session/prompt", ...below]);
  });

  it("begins with the command or chat that the editor names", async () => {
    const run = async (name: string): Promise<void> => {
      const started_by = { kind: "command", name, at: new Date().toISOString() } as const;
      const options: MethodInput<"teams/execute">["options"] = { started_by };
      await project.run("reader", { task: "Read.", file: "a.js", options });
    };
    await run("@coditect /review");
    const [begin = "", ...path] = await pathToTool();
    assert.match(begin, /^0*$/, "it is the root of its trace");
    assert.deepEqual(path, ["@coditect /review", ...below]);
  });
});
