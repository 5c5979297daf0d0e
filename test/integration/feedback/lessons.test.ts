import assert from "node:assert/strict";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type JournalEntry, type ModelServer } from "../../model-servers.ts";
import { commitAt, runGit } from "../../support/git.ts";
import { answered, call, finish } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const LESSONS = ".coditect/lessons.md";
const file = "src/price.js";

const report = call("report_findings", {
  findings: [
    {
      path: file,
      start_line: 1,
      end_line: 1,
      severity: "Medium",
      category: "input-validation",
      title: "The price is not checked",
      explanation: "It may be negative.",
      confidence: 0.9,
    },
  ],
});

const rewrite = call("write_file", {
  path: file,
  content: "export const price = 1;\nlet rounded = price;\nrounded = Math.round(price);\n",
});

/** A team whose only stage writes, and is measured by that alone. */
const writers = {
  name: "writers",
  members: [{ role: "coder", agent_type: "Coder" as const }],
  workflow_stages: [
    {
      name: "write",
      member: "coder",
      prompt: "{{task}}",
      write_access: "sources" as const,
      gates: ["changed" as const],
    },
  ],
};

describe("lessons of the user's feedback", () => {
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;

  before(async () => {
    const once = (turn: typeof report) => (entry: JournalEntry) => (answered(entry) === 0 ? turn : finish);
    model = await startModelServer({ Security: once(report), Coder: once(rewrite) });
  });
  after(() => model.close());
  beforeEach(async () => {
    files = await testWorkspace({ [file]: "export const price = 1;\n" });
    project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
    await project.call("teams/create", writers);
  });
  afterEach(async () => {
    await project.close();
    await files.remove();
  });

  /** The request a new run sends first, as `executions show --prompt` prints it. */
  const firstRequest = async (team: string): Promise<string> => {
    const { task_id, stages } = await project.run(team, { task: "Look at it.", file });
    const [execution_id = ""] = stages[0]?.execution_ids ?? [];
    const { body } = await project.call("executions/request", { execution_id, turn: 1 });
    assert.equal((await project.call("runs/get", { task_id })).run.status, "Succeeded");
    return JSON.stringify(body);
  };

  it("tell the next run why a finding was dismissed", async () => {
    assert.doesNotMatch(await firstRequest("security"), /lessons\.md/);
    const [finding] = (await project.call("findings/list", {})).items;
    assert.ok(finding !== undefined);
    await project.call("findings/dismiss", {
      finding_id: finding.finding_id,
      reason: "prices come checked from the catalogue",
    });
    assert.match(await files.read(LESSONS), /`input-validation` were dismissed once, in `src\/price\.js`/);

    const request = await firstRequest("security");
    assert.match(request, /prices come checked from the catalogue/);
    assert.match(request, /Heed what of it is about yours/);
    assert.doesNotMatch(request, /<!-- lesson/);
    assert.deepEqual(project.problems, []);
  });

  it("tell the next run how the user rewrote what was accepted", async () => {
    const { task_id } = await project.run("writers", { task: "Round it.", file });
    await project.call("changes/apply", { task_id });
    await files.write(file, "export const price = 1;\nconst rounded = Math.round(price);\n");
    const request = await firstRequest("writers");
    assert.match(request, /The user rewrote what agents had written in `src\/price\.js`/);
    assert.match(request, /-let rounded = price;/);
    assert.match(request, /\+const rounded = Math\.round\(price\);/);
  });

  it("say nothing of an accepted change that the user took back", async () => {
    const { task_id } = await project.run("writers", { task: "Round it.", file });
    await project.call("changes/apply", { task_id });
    await files.write(file, "export const price = 1;\n");
    assert.doesNotMatch(await firstRequest("writers"), /lessons\.md/);
    assert.deepEqual((await project.call("lessons/list", {})).items, []);
  });

  it("say nothing of what git brought back, which the user had changed before the run", async () => {
    await files.write(file, "export const price = 2 * net;\n");
    await runGit(files.root, "init", "-q");
    await runGit(files.root, "add", ".");
    await commitAt(files.root, new Date(Date.now() - 60_000), "Add the price");
    await files.write(file, "export const price = 1;\n");
    const { task_id } = await project.run("writers", { task: "Round it.", file });
    await project.call("changes/apply", { task_id });
    await runGit(files.root, "checkout", "--", file);
    assert.doesNotMatch(await firstRequest("writers"), /lessons\.md/);
    // What the user writes and commits afterwards is their own.
    const { task_id: second } = await project.run("writers", { task: "Round it.", file });
    await project.call("changes/apply", { task_id: second });
    await files.write(file, "export const price = 1;\nexport const rounded = Math.round(price);\n");
    await commitAt(files.root, new Date(Date.now() + 60_000), "Round the price");
    assert.match(await firstRequest("writers"), /\+export const rounded = Math\.round\(price\);/);
  });

  it("show where they come from, and are gone for good once rejected", async () => {
    const { task_id } = await project.run("writers", { task: "Round it.", file });
    await project.call("runs/rate", { task_id, verdict: "down", note: "no let where const will do" });
    const [lesson] = (await project.call("lessons/list", {})).items;
    assert.deepEqual([lesson?.origin?.kind, lesson?.origin?.task_id], ["rating", task_id]);
    await project.call("lessons/reject", { lesson_id: lesson?.lesson_id ?? "" });
    await project.call("runs/rate", { task_id, verdict: "down", note: "no let where const will do" });
    assert.deepEqual((await project.call("lessons/list", {})).items, []);
    await assert.rejects(project.call("lessons/reject", { lesson_id: "0123456789ab" }), {
      code: "not_found",
    });
  });

  it("tell the next run why changes were discarded and work was rated", async () => {
    const { task_id } = await project.run("writers", { task: "Round it.", file });
    await project.call("changes/discard", { task_id, reason: "we round at the end alone" });
    await project.call("runs/rate", { task_id, verdict: "down", note: "no let where const will do" });
    const { executions } = await project.call("runs/get", { task_id });
    assert.deepEqual(
      executions.map(({ metadata }) => [metadata.rating?.verdict, metadata.rating?.note]),
      [["down", "no let where const will do"]],
    );
    const request = await firstRequest("writers");
    assert.match(request, /we round at the end alone/);
    assert.match(request, /found bad: “no let where const will do”/);
  });

  it("are neither drawn nor given while the setting is off", async () => {
    await files.write(LESSONS, "Use British spelling.\n");
    assert.match(await firstRequest("security"), /British spelling/);
    const [finding] = (await project.call("findings/list", {})).items;
    const settings = { provider: model.ollama(), lessons: false };
    await project.close();
    project = await startRuntime({ workspace: files.root, settings });
    await project.call("findings/dismiss", { finding_id: finding?.finding_id ?? "", reason: "not so" });
    assert.equal(await files.read(LESSONS), "Use British spelling.\n");
    assert.doesNotMatch(await firstRequest("security"), /British spelling/);
  });

  it("hold no secret of what the user wrote", async () => {
    const secret = `sk-ant-${"a1B2".repeat(10)}`;
    const { task_id } = await project.run("writers", { task: "Round it.", file });
    await project.call("changes/discard", { task_id, reason: `it had ${secret} in it` });
    assert.match(await files.read(LESSONS), /it had \[redacted\] in it/);
  });

  it("wait with a rating until the execution has ended", async () => {
    const execution_id = (await project.run("security", { task: "Look.", file })).stages[0]?.execution_ids[0];
    const stored = project.runtime.store.get("executions", execution_id ?? "");
    assert.ok(stored !== null);
    await project.runtime.store.commit((transaction) => {
      transaction.put("executions", { ...stored, status: "Running" });
    });
    const rated = project.call("executions/rate", { execution_id: stored.execution_id, verdict: "up" });
    await assert.rejects(rated, { code: "illegal_transition" });
  });
});
