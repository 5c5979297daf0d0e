import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Readable, Writable } from "node:stream";
import {
  client,
  type CreateElicitationRequest,
  type CreateElicitationResponse,
  methods,
  ndJsonStream,
  type NewSessionRequest,
  PROTOCOL_VERSION,
} from "@agentclientprotocol/sdk";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { addAskingServer, startAskingModel, type AskingModel } from "../../../support/asking-server.ts";
import { cleanEnvironment } from "../../../support/command.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { commandLine } from "../../../support/product.ts";

describe("a tool server's question over ACP", () => {
  let workspace: TestWorkspace;
  let model: AskingModel;
  let asked: CreateElicitationRequest[];
  beforeEach(async () => {
    asked = [];
    workspace = await testWorkspace({ "a.js": "export const a = 1;\n" });
    await addAskingServer(workspace);
    model = await startAskingModel();
  });
  afterEach(async () => {
    await model.close();
    await workspace.remove();
  });

  /** Runs a review in an editor that answers like this; null: it cannot show such questions. */
  const review = async (answer: CreateElicitationResponse | null): Promise<string> => {
    const main = commandLine;
    const child = spawn(process.execPath, [main, "acp", ...model.options], {
      env: cleanEnvironment({}),
      stdio: ["pipe", "pipe", "ignore"],
    });
    const connection = client({ name: "test" })
      .onRequest(methods.client.elicitation.create, ({ params }) => {
        asked.push(params);
        return answer ?? { action: "cancel" };
      })
      .connect(ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout)));
    await connection.agent.request(methods.agent.initialize, {
      protocolVersion: PROTOCOL_VERSION,
      clientCapabilities: answer === null ? {} : { elicitation: { form: {} } },
    });
    const session: NewSessionRequest = { cwd: workspace.root, mcpServers: [] };
    const { sessionId } = await connection.agent.request(methods.agent.session.new, session);
    await connection.agent.request(methods.agent.session.prompt, {
      sessionId,
      prompt: [{ type: "text", text: "/review a.js" }],
    });
    const exited = once(child, "exit");
    connection.close();
    child.stdin.end();
    await exited;
    return model.told;
  };

  it("is shown with the name of the server, which gets the answer", async () => {
    assert.match(await review({ action: "accept", content: { name: "Ada" } }), /Hello, Ada!/);
    const [question = assert.fail("nothing was asked")] = asked;
    assert.match(question.message, /The MCP server asking, which .+ uses, asks you: How shall I greet you\?/);
    assert.ok(question.mode === "form");
    const { required } = z.object({ required: z.array(z.string()) }).parse(question.requestedSchema);
    assert.deepEqual(required, ["name"]);
  });

  it("is declined or cancelled as the user chooses", async () => {
    assert.match(await review({ action: "decline" }), /The user said: decline/);
    assert.match(await review({ action: "cancel" }), /The user said: cancel/);
  });

  it("is declined if the editor cannot show it", async () => {
    assert.match(await review(null), /The user said: (decline|cancel)/);
    assert.deepEqual(asked, []);
  });
});
