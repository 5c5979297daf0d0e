import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { z } from "zod";
import type { MethodResult } from "../../../../schemas/contract.ts";
import { RuntimeEvent } from "../../../../schemas/events.ts";
import { lendingTools, LentToolCall, type LentTool } from "../../../../schemas/lent-tools.ts";
import { type TestEditor, testEditor } from "../../../support/editor.ts";
import { lendModel, someProvider, type LentModelRecord } from "../../../support/lent-model.ts";
import { reader } from "../../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { languageServer } from "../../../support/product.ts";

const NAME = "vscode__mcp_tracker_search";
const search: LentTool = {
  name: "mcp_tracker_search",
  description: "Searches issues.",
  schema: { type: "object", properties: { query: { type: "string" } } },
};

const Refused = z.object({ data: z.object({ code: z.string(), data: z.object({ hash: z.string() }) }) });

describe("the tools of an editor", () => {
  let files: TestWorkspace;
  let server: ChildProcess;
  let editor: TestEditor;
  let model: LentModelRecord;
  const calls: LentToolCall[] = [];

  const call = <Result>(method: string, params = {}): Promise<Result> =>
    editor.connection.sendRequest<Result>(`coditect/${method}`, params);

  beforeEach(async () => {
    calls.length = 0;
    files = await testWorkspace({ "a.ts": "" });
    const child = spawn(process.execPath, [languageServer, "--stdio"], { stdio: ["pipe", "pipe", "ignore"] });
    server = child;
    editor = testEditor(
      files.root,
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const answers = [
      { tool: NAME, arguments: { query: "a bug" } },
      { tool: "finish", arguments: { summary: "Done.", confidence: 1, completeness: 1 } },
    ];
    model = lendModel(editor, ({ messages }) => {
      const turn = messages.filter(({ role }) => role === "assistant").length;
      return {
        parts: answers.slice(turn, turn + 1).map((part) => ({ type: "tool_call", call_id: "c", ...part })),
      };
    });
    editor.connection.onRequest(lendingTools.list, () => ({ tools: [search] }));
    editor.connection.onRequest(lendingTools.call, (sent: unknown) => {
      calls.push(LentToolCall.parse(sent));
      return { content: "found issue 7", is_error: false };
    });
  });
  afterEach(async () => {
    server.kill("SIGKILL");
    await files.remove();
  });

  /** Runs an agent that lists the tool, once the user has allowed that; what it was told. */
  const runReader = async (lends_tools: boolean): Promise<string> => {
    const settings = { runtime: { unconfined: "allow" } };
    await editor.initialize({ initializationOptions: { lends_models: true, lends_tools, settings } });
    const agent = await call<MethodResult<"agents/create">>("agents/create", {
      name: "reader",
      agent_type: "Reviewer",
      provider: someProvider,
      settings: { tools: [NAME] },
    });
    const members = reader.members.map((member) => ({ ...member, agent_id: agent.agent_id }));
    await call("teams/create", { ...reader, members });
    const execute = () => call("teams/execute", { team_id: "reader", task: "Look." });
    if (lends_tools) {
      const refused = await execute().then(
        () => null,
        (error: unknown) => error,
      );
      const { code, data } = Refused.parse(refused).data;
      assert.equal(code, "exposure_unconfirmed");
      await call("consents/set", { name: "exposure", of: data.hash, given: true });
    }
    await execute();
    for (;;) {
      const { workspace: _, ...sent } = (await editor.next("coditect/event")) as { workspace: string };
      if (RuntimeEvent.parse(sent).type === "run.finished") break;
    }
    return JSON.stringify(model.requests);
  };

  it("are used in a run, over the editor's own connection, once the user has allowed it", async () => {
    const told = await runReader(true);
    assert.deepEqual(calls, [{ name: search.name, input: { query: "a bug" } }]);
    assert.ok(told.includes("found issue 7"));
    assert.deepEqual(model.requests[0]?.tools.map(({ name }) => name).includes(NAME), true);
  });

  it("are not there where the editor lends none", async () => {
    await runReader(false);
    assert.deepEqual(calls, []);
    assert.equal(
      model.requests[0]?.tools.some(({ name }) => name === NAME),
      false,
    );
  });
});
