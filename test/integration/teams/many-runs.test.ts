import assert from "node:assert/strict";
import { isActive } from "../../../server/models/instance.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type JournalEntry, type ModelServer, type Turn } from "../../model-servers.ts";
import { answered, call, finish, oneRound } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const RUNS = 6;
const INSTANCES = 2;

/** Each run is told its own number, and writes it where all the others write theirs. */
const numberOf = ({ body }: JournalEntry): string =>
  /number (\d+)!/.exec(JSON.stringify(body))?.[1] ?? "none";

const writes =
  (path: string, content: (number: string) => string) =>
  (entry: JournalEntry): Turn =>
    answered(entry) === 0 ? call("write_file", { path, content: content(numberOf(entry)) }) : finish;

const test = (number: string): string =>
  [
    'import assert from "node:assert/strict";',
    'import { it } from "node:test";',
    'import { number } from "../src/number.js";',
    `it("is ${number}", () => assert.equal(number, ${number}));`,
  ].join("\n");

/** The most instances that were active at the same time. */
const mostAtOnce = (project: TestRuntime): number => {
  const active = new Set<string>();
  return Math.max(
    ...project.told("instance.changed").map(({ instance }) => {
      if (isActive(instance)) active.add(instance.instance_id);
      else active.delete(instance.instance_id);
      return active.size;
    }),
  );
};

describe(`${RUNS} team runs at once`, function () {
  this.timeout(300_000);
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;

  before(async () => {
    model = await startModelServer({
      TestWriter: writes("test/number.test.js", test),
      Coder: writes("src/number.js", (number) => `export const number = ${number};\n`),
    });
    files = await testWorkspace({
      "package.json": JSON.stringify({ type: "module", scripts: { test: "node --test" } }),
      "src/number.js": "export const number = -1;\n",
    });
    project = await startRuntime({
      workspace: files.root,
      settings: { provider: model.ollama(), pool: { max_instances: INSTANCES } },
    });
    await project.call("teams/create", oneRound);
  });
  after(async () => {
    await project.close();
    await model.close();
    await files.remove();
  });

  it("all succeed in turn, and none sees anything of another", async () => {
    const numbers = Array.from({ length: RUNS }, (_, index) => index);
    const runs = await Promise.all(
      numbers.map(async (number) => {
        const task = `The number has to be number ${number}!`;
        return { number, finished: await project.run("one round", { task, file: "src/number.js" }) };
      }),
    );
    for (const { number, finished } of runs) {
      assert.equal(finished.status, "Succeeded", finished.error?.message);
      const { contents } = await project.call("changes/get", {
        task_id: finished.task_id,
        include_content: true,
      });
      const written = contents.find(({ path }) => path === "src/number.js")?.after?.data;
      assert.equal(written, `export const number = ${number};\n`);
    }
    assert.equal(await files.read("src/number.js"), "export const number = -1;\n");
    const turns = project
      .told("execution.changed")
      .filter(({ execution }) => execution.status === "Starting")
      .map(({ task_id }) => task_id);
    assert.equal(turns.length, 2 * RUNS);
    const first = new Set(turns.slice(0, RUNS));
    assert.equal(first.size, RUNS, "a run had its second turn before another had its first");
    assert.ok(mostAtOnce(project) <= INSTANCES, "more instances at once than the pool may have");
  });
});

describe("the number of instances", () => {
  let files: TestWorkspace;
  let model: ModelServer;
  let project: TestRuntime;

  before(async () => {
    model = await startModelServer({});
    files = await testWorkspace({});
    project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
  });
  after(async () => {
    await project.close();
    await model.close();
    await files.remove();
  });

  it("follows the setting at once, in both directions", async () => {
    const key = "pool.max_instances";
    await project.call("settings/set", { key, value: 1, scope: "workspace" });
    const agent = { name: "Ada", agent_type: "Coder" as const, provider: model.ollama() };
    const { agent_id } = await project.call("agents/create", agent);
    await project.call("instances/create", { agent_id });
    await assert.rejects(project.call("instances/create", { agent_id }), { code: "pool_full" });
    await project.call("settings/unset", { key, scope: "workspace" });
    await project.call("instances/create", { agent_id });
    const { items } = await project.call("instances/list", { active: true });
    assert.equal(items.length, 2);
  });
});
