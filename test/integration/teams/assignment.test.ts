import assert from "node:assert/strict";
import type { MethodInput } from "../../../schemas/contract.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer, type Turn } from "../../model-servers.ts";
import { answered, call, finish } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const team: MethodInput<"teams/create"> = {
  name: "repair",
  members: [
    { role: "orchestrator", agent_type: "Orchestrator" },
    { role: "reviewer", agent_type: "Reviewer" },
    { role: "documenter", agent_type: "Documenter" },
  ],
  workflow_stages: [
    { name: "analyse", member: "orchestrator", prompt: "Find the cause: {{task}}" },
    { name: "look", member: "reviewer", depends_on: ["analyse"], prompt: "Look at it: {{task}}" },
    {
      name: "document",
      member: "documenter",
      depends_on: ["look"],
      condition: "documentation_needed",
      prompt: "Document it: {{task}}",
    },
  ],
};

const suspect = { path: "src/deep/cause.js", start_line: 1, end_line: 1, reason: "It divides by zero." };

type Arguments = NonNullable<Turn["calls"]>[number]["arguments"];

describe("what an Orchestrator assigns", () => {
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;
  /** The calls of the Orchestrator, before it finishes. */
  let assigned: Arguments[];

  before(async () => {
    model = await startModelServer({
      Orchestrator: (entry) => {
        const args = assigned[answered(entry)];
        return args === undefined ? finish : call("assign_work", args);
      },
      Reviewer: () => finish,
      Documenter: () => finish,
    });
    files = await testWorkspace({
      "src/deep/cause.js": "export const share = (sum) => sum / 0; // the marked cause\n",
      "src/other.js": "export const other = 1;\n",
    });
    project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
    await project.call("teams/create", team);
  });
  after(async () => {
    await project.close();
    await files.remove();
    await model.close();
  });

  const run = async (...calls: Arguments[]) => {
    assigned = calls;
    const asked = model.requests.length;
    const finished = await project.run("repair", { task: "It fails." });
    assert.equal(finished.status, "Succeeded", finished.error?.message);
    const statuses = Object.fromEntries(finished.stages.map(({ name, status }) => [name, status]));
    const { executions } = await project.call("runs/get", { task_id: finished.task_id });
    const sent = model.requests.slice(asked).map(({ body }) => JSON.stringify(body));
    return { statuses, executions, toReviewer: sent.find((body) => body.includes("Agent: Reviewer")) ?? "" };
  };

  it("skips the Documenter when no document has to change, and gives the others files and suspects", async () => {
    const { statuses, executions, toReviewer } = await run({
      files: [suspect.path],
      suspects: [suspect],
      documentation_needed: false,
    });
    assert.deepEqual(statuses, { analyse: "Completed", look: "Completed", document: "Skipped" });
    assert.match(toReviewer, /Suspect 1: src\/deep\/cause\.js:1-1: It divides by zero\./);
    assert.match(toReviewer, /the marked cause/);
    assert.doesNotMatch(toReviewer, /export const other/);
    const analysis = executions.find(({ metadata }) => metadata.stage === "analyse");
    assert.deepEqual(analysis?.output?.data, {
      assignment: { files: [suspect.path], suspects: [suspect], documentation_needed: false },
    });
  });

  it("sends for the Documenter otherwise, also where nothing was assigned", async () => {
    const needed = await run({ files: [], documentation_needed: true });
    assert.equal(needed.statuses.document, "Completed");
    const silent = await run();
    assert.equal(silent.statuses.document, "Completed");
  });

  it("counts only an assignment of places that are there, and the last one", async () => {
    const nowhere = { files: ["src/nowhere.js"], documentation_needed: false };
    assert.equal((await run(nowhere)).statuses.document, "Completed");
    const first = { files: [], documentation_needed: true };
    const last = { files: [], documentation_needed: false };
    assert.equal((await run(first, last)).statuses.document, "Skipped");
  });
});

describe("a stage whose agent cannot do it", () => {
  it("is not begun, though the agent could when its team was stored", async () => {
    const files = await testWorkspace({ "src/a.js": "\n" });
    const provider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:9" } };
    const project = await startRuntime({ workspace: files.root, settings: { provider } });
    try {
      const { agent_id } = await project.call("agents/create", {
        name: "Ada",
        agent_type: "Coder",
        provider,
      });
      await project.call("teams/create", {
        name: "mine",
        members: [{ role: "ada", agent_type: "Coder", agent_id }],
        workflow_stages: [
          { name: "write", member: "ada", prompt: "{{task}}", write_access: "sources", gates: ["changed"] },
        ],
      });
      await project.call("agents/update", { agent_id, capabilities: ["ReviewCode"] });
      await assert.rejects(project.call("teams/execute", { team_id: "mine", task: "Do it." }), {
        code: "invalid_workflow",
        message: /ada cannot do this stage: it needs ImplementCode or OptimizePerformance/,
      });
    } finally {
      await project.close();
      await files.remove();
    }
  });
});
