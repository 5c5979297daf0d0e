import assert from "node:assert/strict";
import type { MethodInput } from "../../../schemas/contract.ts";
import { rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { RehearsalScript } from "../../../server/rehearsal/script.ts";
import { startRehearsal, type RehearsalServer } from "../../../server/rehearsal/server.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer } from "../../model-servers.ts";
import { finish as ends } from "../../support/one-round.ts";
import { discountProject, discountTests, finish, fitted, general, write } from "../../support/discount.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const long = `export const discount = (price) => {
  if (price > 100) {
    const off = price / 10;
    return price - off;
  }
  return price;
};
`;

/** Answers of the model to the attempt whose prompt has this text. */
const coder = (task: string, code: string) =>
  RehearsalScript.parse({ task, agents: { Coder: [write("src/price.js", code), finish] } });

const task = "Give a tenth off above 100.";
const testWriter = RehearsalScript.parse({
  task,
  agents: {
    TestWriter: [
      write(
        "test/discount.test.js",
        discountTests(['it("takes a tenth off", () => assert.equal(discount(200), 180));']),
      ),
      write(
        "test/discount.held-back.test.js",
        discountTests([
          'it("takes a tenth off any high price", () => assert.equal(discount(3170), 2853));',
          'it("leaves the limit alone", () => assert.equal(discount(100), 100));',
        ]),
      ),
      finish,
    ],
    "Coder/judge": [finish],
  },
});

type Team = MethodInput<"teams/create">;
const team = (variations: NonNullable<Team["workflow_stages"][number]["variations"]>): Team => ({
  name: "rivals",
  members: [
    { role: "test-writer", agent_type: "TestWriter" },
    { role: "coder", agent_type: "Coder" },
  ],
  workflow_stages: [
    { name: "tests", member: "test-writer", prompt: "{{task}}", write_access: "tests", gates: ["red"] },
    {
      name: "code",
      member: "coder",
      depends_on: ["tests"],
      prompt: "{{task}}",
      write_access: "sources",
      gates: ["untouched", "green", "clean"],
      attempts: 3,
      variations,
    },
    { name: "judge", member: "coder", depends_on: ["code"], prompt: "{{task}}", gates: ["held-back"] },
  ],
});

describe("several attempts at a stage", () => {
  let model: RehearsalServer;
  let sources: TestWorkspace;
  let project: TestRuntime;
  let finished: Awaited<ReturnType<TestRuntime["run"]>>;

  before(async () => {
    sources = await testWorkspace(discountProject);
    model = await startRehearsal([
      coder("Guess.", fitted),
      coder("Be brief.", general),
      coder("Be thorough.", long),
      testWriter,
    ]);
    project = await startRuntime({ project: sources.root, settings: { provider: rehearsalProvider(model) } });
    await project.call(
      "teams/create",
      team([{ prompt: "Guess." }, { prompt: "Be brief.", temperature: 0.9 }, { prompt: "Be thorough." }]),
    );
    finished = await project.run("rivals", { task, file: "src/price.js" });
  });
  after(async () => {
    await project.close();
    await model.close();
    await sources.remove();
  });

  const attempts = () => finished.stages.find(({ name }) => name === "code")?.attempts ?? [];

  it("go on with the one that does best with the tests its agent did not see", () => {
    assert.equal(finished.status, "Succeeded", finished.error?.message);
    assert.deepEqual(
      attempts().map(({ attempt, rank, score }) => [attempt, rank, score?.held_back]),
      [
        [1, 3, { passed: 1, failed: 1 }],
        [2, 1, { passed: 2, failed: 0 }],
        [3, 2, { passed: 2, failed: 0 }],
      ],
    );
  });

  it("are ranked by their lines where the tests say the same of both", () => {
    const [, brief, thorough] = attempts().map(({ score }) => score);
    assert.ok((brief?.lines ?? 0) < (thorough?.lines ?? 0));
    assert.ok((brief?.mutants?.judged ?? 0) > 0);
  });

  it("keep what the others left, to be read and compared", async () => {
    const { task_id } = finished;
    const chosen = await project.call("changes/get", { task_id });
    assert.match(chosen.diff, /^\+.*price \* 0\.9/m);
    const lost = await project.call("changes/get", { task_id, attempt: 1 });
    assert.match(lost.diff, /^\+.*price === 200 \? 180/m);
    const between = await project.call("changes/get", { task_id, attempt: 1, against: 2 });
    assert.deepEqual(
      between.change_set.files.map(({ path }) => path),
      ["src/price.js"],
    );
    assert.match(between.diff, /^-.*0\.9[^]*^\+.*180/m);
  });

  it("count against one sum of the run", () => {
    const calls = finished.usage.api_calls;
    assert.equal(calls, model.requests.length);
  });

  it("differ in what the model is asked", () => {
    const bodies = model.requests.map(({ body }) => body);
    for (const prompt of ["Guess.", "Be brief.", "Be thorough."])
      assert.ok(bodies.some((body) => body.includes(prompt)));
    assert.ok(bodies.every((body) => body.includes("Be brief.") === body.includes('"temperature":0.9')));
  });
});

describe("attempts that are ended", () => {
  let model: ModelServer;
  let sources: TestWorkspace;
  let project: TestRuntime;
  const request = { task: "Do it.", file: "src/price.js" };

  before(async () => {
    // Never answers an attempt that is told to wait while a test lasts.
    model = await startModelServer({
      Coder: ({ body }) => (JSON.stringify(body).includes("Wait.") ? { ...ends, stallAfter: 0 } : ends),
    });
  });
  after(() => model.close());
  beforeEach(async () => {
    sources = await testWorkspace({
      "package.json": '{ "type": "module", "scripts": { "test": "node --test" } }',
      "src/price.js": "export const discount = (price) => price;\n",
    });
    project = await startRuntime({ workspace: sources.root, settings: { provider: model.ollama() } });
  });
  afterEach(async () => {
    await project.close();
    await sources.remove();
  });

  const start = async (prompts: string[]): Promise<string> => {
    await project.call("teams/create", {
      name: "rivals",
      members: [{ role: "coder", agent_type: "Coder" }],
      workflow_stages: [
        {
          name: "code",
          member: "coder",
          prompt: "{{task}}",
          write_access: "sources",
          gates: ["green"],
          attempts: prompts.length,
          variations: prompts.map((prompt) => ({ prompt })),
        },
      ],
    });
    return (await project.call("teams/execute", { ...request, team_id: "rivals" })).task_id;
  };
  const executions = async (task_id: string) => (await project.call("runs/get", { task_id })).executions;
  const running = (count: number) =>
    project.event(
      "execution.changed",
      () =>
        project.runtime.store.all("executions").filter(({ status }) => status === "Running").length >= count,
    );

  it("all end when the run is cancelled", async () => {
    const task_id = await start(["Wait. One.", "Wait. Two."]);
    await running(2);
    assert.equal((await project.call("runs/cancel", { task_id })).status, "Cancelled");
    assert.deepEqual(
      (await executions(task_id)).map(({ status }) => status),
      ["Cancelled", "Cancelled"],
    );
    const working = project.runtime.store.all("instances").filter(({ state }) => state === "Working");
    assert.deepEqual(working, []);
  });

  it("leave the others alone when one is cancelled", async () => {
    const task_id = await start(["Wait. One.", "End."]);
    const waiting = await project.event(
      "execution.changed",
      ({ execution }) => execution.attempt === 1 && execution.status === "Running",
    );
    const { execution_id } = waiting.execution;
    const cancelled = await project.call("executions/cancel", { execution_id });
    assert.equal(cancelled.status, "Cancelled");
    const ended = await project.event("run.finished");
    // The other one changed nothing, which its gate refuses.
    assert.equal(ended.status, "GateFailed");
    const ranks = ended.stages.flatMap(({ attempts = [] }) => attempts.map(({ rank }) => rank));
    assert.deepEqual(ranks, [2, 1]);
    assert.equal(ended.task_id, task_id);
  });

  it("are refused where no tests say which is best", async () => {
    await assert.rejects(
      project.call("teams/execute", { ...request, team_id: "review", options: { attempts: 2 } }),
      /no stage that can be attempted several times/,
    );
  });
});
