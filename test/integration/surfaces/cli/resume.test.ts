import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, describe, it } from "mocha";
import { z } from "zod";
import { builtInScript, copySample } from "../../../../server/rehearsal/built-in.ts";
import { runCommand } from "../../../support/command.ts";

const Run = z.object({ task: z.object({ task_id: z.string() }) });

describe("coditect resume and retry", () => {
  let workspace: string;
  let taskId: string;
  const coditect = (...args: string[]) =>
    runCommand([...args, "--provider", "rehearsal"], { folder: workspace });
  /** The lines of the table of proofs: stage and gate. */
  const proofs = (stdout: string): string[] => {
    const table = /^Proof\n((?: {2}.*\n)+)/m.exec(stdout)?.[1] ?? "";
    return [...table.matchAll(/^ {2}[✔✖] {2}(\S+)(?: \(round \d\))? +(\S+)/gmu)].map(
      ([, stage = "", gate = ""]) => `${stage} ${gate}`,
    );
  };

  before(async () => {
    workspace = await copySample();
    const { task } = await builtInScript("tdd");
    const capped = await coditect("run", "tdd", "src/bill.js", "--task", task, "--max-tokens", "18000");
    assert.equal(capped.exit_code, 4, capped.stderr);
    assert.match(capped.stdout, /✔ {2}write-tests +red/);
    const { stdout } = await runCommand(["runs", "list", "--json"], { folder: workspace });
    taskId = Run.parse(JSON.parse(stdout)).task.task_id;
  });
  after(() => rm(workspace, { recursive: true }));

  it("prove the whole run at the end, not only what was done since", async () => {
    const { exit_code, stdout, stderr } = await coditect("resume", taskId, "--max-tokens", "1000000");
    assert.equal(exit_code, 0, stderr);
    const proven = proofs(stdout);
    assert.equal(proven[0], "write-tests red");
    assert.deepEqual(
      [...new Set(proven.map((line) => line.split(" ")[0]))],
      ["write-tests", "implement", "review", "security", "quality-control"],
    );
    // Each proof once, the round that was sent back among them.
    assert.equal(proven.filter((line) => line === "implement green").length, 2);
  });

  it("take over what stands before a stage, and ask it something else", async () => {
    const prompt = "Look at {{file}} with the eyes of a cashier.";
    const { exit_code, stdout, stderr } = await coditect(
      "retry",
      taskId,
      "quality-control",
      "--prompt",
      prompt,
    );
    assert.equal(exit_code, 0, stderr);
    assert.equal(proofs(stdout)[0], "write-tests red");
    const executions = await runCommand(["executions", "list"], { folder: workspace });
    const id = /^([0-9a-f-]{36}) .* quality-control 1 /m.exec(executions.stdout)?.[1] ?? "";
    const shown = await runCommand(["executions", "show", id, "--prompt"], { folder: workspace });
    assert.match(shown.stdout, /Look at src\/bill\.js with the eyes of a cashier/);
    const { stdout: text } = await runCommand(["executions", "show", id], { folder: workspace });
    assert.match(text, /^Stage +quality-control, round 1$/m);
    assert.match(text, /^ +completeness +1\.00$/m);
    assert.match(text, /^ +performance +not measured$/m);
    assert.match(text, /^ +✔ +run_tests .* → /m);
  });

  it("can be compared: what was done again is told apart from what was taken over", async () => {
    const { stdout: listed } = await runCommand(["runs", "list", "--json"], { folder: workspace });
    const ids = listed
      .split("\n")
      .filter(Boolean)
      .map((line) => Run.parse(JSON.parse(line)).task.task_id);
    assert.equal(ids.length, 2);
    const { stdout } = await runCommand(["runs", "compare", taskId, ...ids.filter((id) => id !== taskId)], {
      folder: workspace,
    });
    assert.match(stdout, /^status +Succeeded +Succeeded$/m);
    const [, one = "", other = ""] = /^model calls +(\d+) +(\d+)$/m.exec(stdout) ?? [];
    assert.ok(Number(one) > Number(other) && Number(other) > 0, stdout);
    assert.match(stdout, /^Both left the same files\.$/m);
  });

  it("refuse a prompt that names an unknown variable", async () => {
    const { exit_code, stderr } = await coditect("retry", taskId, "review", "--prompt", "See {{flie}}.");
    assert.equal(exit_code, 2);
    assert.match(stderr, /there is no variable \{\{flie\}\}/);
  });
});
