import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { z } from "zod";
import type { SettingsInput } from "../../../schemas/settings.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type JournalEntry, type ModelServer, type Turn } from "../../model-servers.ts";
import { answered, call, finish, oneRound } from "../../support/one-round.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";
import { caller, serveTest } from "../../unit/surfaces/rest/support.ts";
import { pathOf, useCollector } from "./collector.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

/** A test that fails with the trace that its process is part of. */
const testText = `import assert from "node:assert/strict";
import { it } from "node:test";
import { sum } from "../src/sum.js";
it("adds", () => assert.equal(sum(1, 2), 3, \`in <\${process.env.TRACEPARENT}> \${process.env.TRACESTATE}\`));
`;
const print = call("run_command", { command: "node", args: ["-p", "`in <${process.env.TRACEPARENT}>`"] });
/** The Coder's code is wrong, so that the proof of the gate has what the test says. */
const turns: Record<"TestWriter" | "Coder", Turn[]> = {
  TestWriter: [
    print,
    call("write_file", { path: "test/sum.test.js", content: testText }),
    call("run_tests", {}),
    finish,
  ],
  Coder: [
    print,
    call("write_file", { path: "src/sum.js", content: "export const sum = (a, b) => a - b;\n" }),
    finish,
  ],
};
const playing =
  (agent: keyof typeof turns) =>
  (entry: JournalEntry): Turn =>
    turns[agent][answered(entry)] ?? finish;
const noEngine = await dockerEngine();
const Started = z.object({ task_id: z.uuid() });

describe("the trace of a run that a request starts", () => {
  const collector = useCollector();
  let model: ModelServer;
  let files: TestWorkspace;
  /** Of each call of a tool, in order: its name and what it said. */
  let said: [tool: string, text: string][];
  let evidence: string[];
  let spanIds: (string | undefined)[];

  const runTeam = async (settings: SettingsInput): Promise<void> => {
    const project: TestRuntime = await startRuntime({
      workspace: files.root,
      settings: { provider: model.ollama(), allowed_commands: ["node"], ...settings },
    });
    const server = await serveTest(Promise.resolve(project.runtime));
    try {
      await project.call("teams/create", oneRound);
      const { status, json } = await caller(() => server.url)(
        "POST",
        "/api/agent-teams/one%20round/execute",
        { task: "Add." },
        { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: "shop=1" },
      );
      assert.equal(status, 202, JSON.stringify(json));
      const { task_id } = Started.parse(json);
      const end = await project.event("run.finished");
      assert.equal(end.status, "GateFailed", JSON.stringify(end.error));
      const { executions } = await project.call("runs/get", { task_id });
      said = [];
      for (const { execution_id } of executions) {
        const { entries } = await project.call("executions/transcript", { execution_id });
        for (const entry of entries)
          if (entry.type === "tool") said.push([entry.outcome.tool, entry.outcome.content]);
      }
      evidence = project.told("gate.proved").flatMap(({ proof }) => proof.evidence);
      spanIds = project.told("tool.started").map(({ span_id }) => span_id);
    } finally {
      await server.close();
      await project.close();
    }
  };

  beforeEach(async () => {
    model = await startModelServer({ TestWriter: playing("TestWriter"), Coder: playing("Coder") });
    files = await testWorkspace({
      "package.json": '{"type":"module","scripts":{"test":"node --test"}}',
      "src/sum.js": "export const sum = () => 0;\n",
    });
  });
  afterEach(async () => {
    await files.remove();
    await model.close();
  });

  const reachesInstances = async (runtime: "Local" | "Docker"): Promise<void> => {
    await runTeam({ open_telemetry: true, runtime });
    const { spans } = collector;
    assert.deepEqual(new Set(spans.map(({ traceId }) => traceId)), new Set([TRACE]));
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    /** The path of the span that a process printed as its parent. */
    const printedIn = (text: string): string[] => {
      const [, trace, id] = /in <00-(\w{32})-(\w{16})-01>/.exec(text) ?? assert.fail(text);
      assert.equal(trace, TRACE);
      return pathOf(byId.get(id ?? "") ?? assert.fail(`no span ${id}`), spans);
    };
    const begin = [CALLER, "POST /api/agent-teams/{team_id}/execute", "invoke_workflow one round"];
    const inStage = (stage: string, agent: string) => [...begin, `stage ${stage}`, `invoke_agent ${agent}`];

    const printed = said.filter(([tool]) => tool === "run_command").map(([, text]) => printedIn(text));
    // The latest execution comes first.
    assert.deepEqual(printed, [
      [...inStage("code", "Coder"), "execute_tool run_command"],
      [...inStage("test", "Test Writer"), "execute_tool run_command"],
    ]);
    const [, tested] = said.find(([tool]) => tool === "run_tests") ?? assert.fail("no tests were run");
    assert.deepEqual(printedIn(tested), [...inStage("test", "Test Writer"), "execute_tool run_tests"]);
    // What the gates of red and green ran themselves are spans of their own.
    const failures = evidence.filter((text) => text.includes("in <"));
    assert.deepEqual(failures.map(printedIn), [
      [...inStage("test", "Test Writer"), "run_tests"],
      [...inStage("code", "Coder"), "run_tests"],
    ]);
    for (const failure of failures) assert.match(failure, /> shop=1/);

    const request = spans.find(({ name }) => name === begin[1]);
    assert.equal(request?.kind, 2, "a server's span");
    assert.equal(request.attributes["http.request.method"], "POST");
    assert.equal(request.attributes["http.route"], "/api/agent-teams/{team_id}/execute");
    const statuses = spans
      .filter(({ name }) => name === "run_tests")
      .map(({ attributes }) => attributes["test.suite.run.status"]);
    assert.deepEqual(new Set(statuses), new Set(["skipped", "failure"]));
  };

  it("begins with the caller's span and reaches programs and tests inside the instances", () =>
    reachesInstances("Local"));

  describe("with a container engine", function () {
    skipUnlessNull(this, noEngine);

    it("reaches programs and tests inside containers", async () => {
      // A temporary folder is closed to others; as root, containers run as somebody else.
      await chmod(files.root, 0o755);
      await reachesInstances("Docker");
    });
  });

  it("does not exist when telemetry is off, neither here nor in an instance", async () => {
    await runTeam({ open_telemetry: false });
    assert.deepEqual(collector.spans, []);
    assert.ok(spanIds.length > 0 && spanIds.every((id) => id === undefined));
    const printed = said.filter(([tool]) => tool === "run_command").map(([, text]) => text);
    assert.equal(printed.length, 2);
    for (const text of printed) assert.match(text, /in <undefined>/);
  });
});
