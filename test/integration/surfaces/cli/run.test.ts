import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { RuntimeEvent } from "../../../../schemas/events.ts";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { type CommandResult, eventsOf, lastOf, runCommand } from "../../../support/command.ts";
import { Sarif } from "../../../support/sarif.ts";

const contractTypes = new Set([
  "stage.started",
  "execution.changed",
  "model.usage",
  "tool.called",
  "gate.proved",
  "finding.reported",
  "run.finished",
]);

describe("coditect run, on the sample with the rehearsal model", () => {
  let workspace: string;
  let source: string;
  let result: CommandResult;
  let events: RuntimeEvent[];
  before(async () => {
    workspace = await copySample();
    source = await readFile(join(workspace, "src/bill.js"), "utf8");
    const task = "split() must hand out whole cents that add up to the bill.";
    const args = ["run", "tdd", "src/bill.js", "--task", task, "--provider", "rehearsal", "--json"];
    result = await runCommand([...args, "--output", "sarif=findings.sarif"], { folder: workspace });
    events = eventsOf(result.stdout);
  });
  after(() => rm(workspace, { recursive: true }));

  it("exits with 0 when every gate held", () => {
    assert.equal(result.exit_code, 0, result.stderr);
    assert.equal(lastOf(events).status, "Succeeded");
  });

  it("writes the contract's events and nothing else to standard output", () => {
    assert.deepEqual(
      events.filter((event) => !contractTypes.has(event.type)),
      [],
    );
  });

  it("shows the gate that sent the Coder back, and the round in which it held", () => {
    const greens = events.flatMap((event) =>
      event.type === "gate.proved" && event.stage === "implement" && event.proof.gate === "green"
        ? [event.proof.held]
        : [],
    );
    assert.deepEqual(greens, [false, true]);
  });

  it("ends with stages, changes, findings and usage", () => {
    const { stages, changes, findings, usage } = lastOf(events);
    assert.deepEqual(
      stages.map((stage) => `${stage.name} ${stage.status}`),
      ["write-tests", "implement", "review", "security", "quality-control"].map(
        (name) => `${name} Completed`,
      ),
    );
    assert.deepEqual(changes.map((file) => file.path).sort(), ["src/bill.js", "test/split.test.js"]);
    assert.equal(findings.length, 1);
    assert.ok(usage.input_tokens > 0 && usage.api_calls > 10);
  });

  it("leaves the workspace as it was without --apply", async () => {
    assert.equal(await readFile(join(workspace, "src/bill.js"), "utf8"), source);
  });

  it("writes the finding as SARIF with a fix at its place", async () => {
    const written = await readFile(join(workspace, "findings.sarif"), "utf8");
    const results = Sarif.parse(JSON.parse(written)).runs.flatMap((run) => run.results);
    assert.deepEqual(
      results.map(({ ruleId, fixes }) => [ruleId, fixes?.length]),
      [["input-validation", 1]],
    );
  });

  it("keeps the change set for changes show and apply", async () => {
    const { task_id } = lastOf(events);
    const shown = await runCommand(["changes", "show", task_id], { folder: workspace });
    assert.match(shown.stdout, /^\+ {2}const leftOver = cents % people;$/m);
    const applied = await runCommand(["changes", "apply", task_id], { folder: workspace });
    assert.equal(applied.exit_code, 0, applied.stderr);
    assert.match(applied.stdout, /^ {2}written +src\/bill\.js$/m);
    assert.match(await readFile(join(workspace, "src/bill.js"), "utf8"), /leftOver/);
  });

  it("lists the run and its executions", async () => {
    const runs = await runCommand(["runs", "list", "--json"], { folder: workspace });
    assert.equal(runs.stdout.trim().split("\n").length, 1);
    const executions = await runCommand(["executions", "list"], { folder: workspace });
    assert.equal(executions.stdout.match(/ Completed /g)?.length, 5);
    assert.equal(executions.stdout.match(/ Failed /g)?.length, 1);
  });
});

describe("coditect run --apply", () => {
  let workspace: string;
  before(async () => {
    workspace = await copySample();
  });
  after(() => rm(workspace, { recursive: true }));

  it("writes the changes of a run whose gates all held", async () => {
    const args = [
      "run",
      "architecture",
      "src/bill.js",
      "--task",
      "x",
      "--provider",
      "rehearsal",
      "--apply",
      "--json",
    ];
    const { exit_code, stdout, stderr } = await runCommand(args, { folder: workspace });
    assert.equal(exit_code, 0, stderr);
    const { changes } = lastOf(eventsOf(stdout));
    const decision = changes.find(({ path }) => path.startsWith("docs/adr/"));
    assert.match(await readFile(join(workspace, decision?.path ?? ""), "utf8"), /currency/);
    assert.deepEqual(
      changes.map((file) => file.decision),
      changes.map(() => "Accepted"),
    );
  });
});
