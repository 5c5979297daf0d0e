import assert from "node:assert/strict";
import type { MethodInput } from "../../../schemas/contract.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Json } from "../../../schemas/primitives.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type JournalEntry, type ModelServer, type Turn } from "../../model-servers.ts";
import { answered, call, finish, oneRound } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

/** Plays these turns one after the other, then finishes. */
const plays =
  (...turns: Turn[]) =>
  (entry: JournalEntry): Turn =>
    turns[answered(entry)] ?? finish;

const write = (path: string, content: string): Turn => call("write_file", { path, content });

const found = (path: string, severity: string): Json => ({
  path,
  start_line: 1,
  end_line: 1,
  severity,
  category: "wrong-result",
  title: `A ${severity} problem`,
  explanation: "It is wrong.",
  confidence: 0.5,
});

const team: MethodInput<"teams/create"> = {
  name: "authors",
  members: [
    ...oneRound.members,
    { role: "reviewer", agent_type: "Reviewer" },
    { role: "security", agent_type: "Security" },
  ],
  workflow_stages: [
    ...oneRound.workflow_stages,
    { name: "review", member: "reviewer", depends_on: ["code"], prompt: "{{task}}", gates: ["findings"] },
    { name: "security", member: "security", depends_on: ["code"], prompt: "{{task}}", gates: ["findings"] },
  ],
};

const newTest = `import assert from "node:assert";
import test from "node:test";
import { one } from "../src/one.js";
test("one is 1", () => assert.equal(one(), 1));
`;
const fixed = "export const one = () => 1;\n";

describe("the outputs of a run's executions", () => {
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;
  let executions: Map<string, AgentExecution>;

  const read = async (task_id: string): Promise<Map<string, AgentExecution>> => {
    const { executions: listed } = await project.call("runs/get", { task_id });
    const whole = await Promise.all(
      listed.map(({ execution_id }) => project.call("executions/get", { execution_id })),
    );
    return new Map(whole.map((execution) => [execution.metadata.stage, execution]));
  };
  const outputOf = (stage: string) => {
    const output = executions.get(stage)?.output;
    assert.ok(output != null, `${stage} has no output`);
    return output;
  };

  before(async () => {
    model = await startModelServer({
      TestWriter: plays(write("test/one.test.js", newTest)),
      Coder: plays(
        call("read_file", { path: "src/one.js" }),
        write("src/one.js", fixed),
        write("src/note.txt", "é\n"),
      ),
      Reviewer: plays(call("report_findings", { findings: [found("src/one.js", "Medium")] })),
      Security: plays(call("report_findings", { findings: [found("test/one.test.js", "Low")] })),
    });
    files = await testWorkspace({
      "package.json": '{"type":"module","scripts":{"test":"node --test"}}\n',
      "src/one.js": "export const one = () => 2;\n",
      "test/old.test.js": 'import test from "node:test";\ntest("old", () => {});\n',
    });
    project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
    await project.call("teams/create", team);
    const finished = await project.run("authors", { task: "Make it one.", file: "src/one.js" });
    assert.equal(finished.status, "Succeeded", finished.error?.message);
    executions = await read(finished.task_id);
  });
  after(async () => {
    await project.close();
    await files.remove();
    await model.close();
  });

  it("name the files of the execution itself, with their sizes", () => {
    const filesOf = (stage: string) =>
      outputOf(stage).files.map(({ path, kind, size }) => `${kind} ${path} ${size}`);
    assert.deepEqual(filesOf("test"), [`Created test/one.test.js ${newTest.length}`]);
    assert.deepEqual(filesOf("code"), ["Created src/note.txt 3", `Modified src/one.js ${fixed.length}`]);
    assert.deepEqual(filesOf("review"), []);
  });

  it("keep what a tool was given as it was given", () => {
    const written = outputOf("code").tool_calls.find(({ tool }) => tool === "write_file");
    assert.deepEqual(written?.input, { path: "src/one.js", content: fixed });
  });

  it("score the author by what reviewers found in its own files", () => {
    assert.equal(outputOf("code").quality_metrics.code_quality, 0.95);
    assert.equal(outputOf("test").quality_metrics.code_quality, 1 - 0.125 / 10);
    assert.equal(outputOf("review").quality_metrics.code_quality, null);
  });

  it("measure completeness and the time of the tests, and say null where nothing was measured", () => {
    const { completeness, performance } = outputOf("code").quality_metrics;
    assert.equal(completeness, 1);
    assert.ok(performance !== null && performance > 0 && performance <= 1);
    assert.equal(outputOf("review").quality_metrics.performance, null);
  });

  it("are told with the scores, and the transcript ends with them", async () => {
    const code = executions.get("code");
    assert.ok(code !== undefined);
    const told = project
      .told("execution.changed")
      .findLast(({ execution }) => execution.execution_id === code.execution_id);
    assert.deepEqual(told?.execution.quality, code.output?.quality_metrics);
    const { execution_id } = code;
    const { entries } = await project.call("executions/transcript", { execution_id });
    const last = entries.findLast((entry) => entry.type === "quality");
    assert.deepEqual(last?.metrics, code.output?.quality_metrics);
  });

  it("come from instances that say where they ran", async () => {
    const { items } = await project.call("instances/list", {});
    assert.deepEqual([...new Set(items.map(({ metadata }) => metadata.region))], ["local"]);
  });

  it("follow what the user dismisses", async () => {
    const { items } = await project.call("findings/list", { path: "src/one.js" });
    const [{ finding_id }] = items as [(typeof items)[number]];
    await project.call("findings/dismiss", { finding_id, reason: "It is meant so." });
    const { execution_id } = executions.get("code") ?? { execution_id: "" };
    const after = await project.call("executions/get", { execution_id });
    assert.equal(after.output?.quality_metrics.code_quality, 1);
  });
});
