import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { QuestionAnswer } from "../../../schemas/questions.ts";
import { openConsents } from "../../../server/platform/consents.ts";
import { configurationFiles, configurationHash } from "../../../server/workspace/configuration.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer } from "../../model-servers.ts";
import { root } from "../../support/command.ts";
import { answered, call, finish, reader } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const server = {
  command: join(root, "node_modules/.bin/mcp-server-everything"),
  tools: ["trigger-elicitation-request"],
};

describe("a tool server that asks the user during a run", () => {
  let files: TestWorkspace;
  let model: ModelServer;
  let project: TestRuntime;
  beforeEach(async () => {
    files = await testWorkspace({ "notes.txt": "42 apples\n" });
    await files.write(".coditect/mcp.json", JSON.stringify({ mcpServers: { all: server } }));
    openConsents(files.root).give({
      name: "configuration",
      of: configurationHash(configurationFiles(files.root)),
      given_by: "test",
      created_at: new Date().toISOString(),
    });
    const turns = [call("all__trigger-elicitation-request", {})];
    model = await startModelServer({ Reviewer: (entry) => turns[answered(entry)] ?? finish });
    const settings = { provider: model.ollama(), unconfined: "allow" as const };
    project = await startRuntime({ workspace: files.root, settings });
    await project.call("teams/create", reader);
  });
  afterEach(async () => {
    await project.close();
    await model.close();
    await files.remove();
  });

  const answerWith = (answer: QuestionAnswer): void => {
    project.runtime.subscribe((event) => {
      if (event.type !== "question.needed") return;
      void project.call("questions/answer", { question_id: event.question.question_id, answer });
    });
  };
  /** Runs the agent; what the tool said to it. */
  const work = async (ask_permissions: boolean): Promise<string> => {
    const { task_id } = await project.run("reader", { task: "Ask.", options: { ask_permissions } });
    const { executions } = await project.call("runs/get", { task_id });
    const { execution_id } = executions[0] ?? assert.fail("nothing was executed");
    const { entries } = await project.call("executions/transcript", { execution_id });
    return entries.flatMap((entry) => (entry.type === "tool" ? [entry.outcome.content] : []))[0] ?? "";
  };

  it("gets the user's answer, and no event holds it", async () => {
    answerWith({ action: "accept", values: { name: "Ada Lovelace" } });
    assert.match(await work(true), /Ada Lovelace/);
    const [asked] = project.told("question.needed");
    assert.equal(asked?.question.server, "all");
    assert.equal(asked.question.agent_type, "Reviewer");
    const [settled] = project.told("question.settled");
    assert.equal(settled?.action, "accept");
    assert.deepEqual(await project.call("questions/list", {}), { items: [] });
    assert.doesNotMatch(JSON.stringify([asked, settled]), /Ada Lovelace/);
  });

  it("is declined where nobody follows the run", async () => {
    assert.match(await work(false), /declin/);
    assert.deepEqual(project.told("question.needed"), []);
  });
});
