import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { shippedPath } from "../../../server/platform/installation.ts";
import { builtInScript, rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { startRehearsal, type RehearsalServer } from "../../../server/rehearsal/server.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";

describe("the TDD team on the sample project", () => {
  let model: RehearsalServer;
  let project: TestRuntime;

  before(async () => {
    model = await startRehearsal([await builtInScript("tdd")]);
    project = await startRuntime({
      project: shippedPath("media", "sample"),
      settings: { provider: rehearsalProvider(model) },
    });
  });
  after(async () => {
    await project.close();
    await model.close();
  });

  it("proves every gate, sends the Coder's mistake back once, and leaves the user's files alone", async () => {
    const { task, file } = await builtInScript("tdd");
    const before = await readFile(join(project.workspace, "src/bill.js"), "utf8");
    const finished = await project.run("tdd", { task, file });

    assert.deepEqual(finished.error, null);
    assert.equal(finished.status, "Succeeded");
    assert.deepEqual(
      finished.stages.map(({ name, status, round }) => [name, status, round]),
      [
        ["write-tests", "Completed", 1],
        ["implement", "Completed", 2],
        ["review", "Completed", 1],
        ["security", "Completed", 1],
        ["quality-control", "Completed", 1],
      ],
    );
    const gatesOf = (name: string) =>
      project
        .told("gate.proved")
        .filter(({ stage }) => stage === name)
        .map(({ proof }) => `${proof.gate} ${proof.held ? "held" : "did not hold"}`);
    assert.deepEqual(gatesOf("write-tests"), ["red held"]);
    assert.deepEqual(gatesOf("implement"), [
      "untouched held",
      "green did not hold",
      "untouched held",
      "green held",
      "clean held",
    ]);
    assert.deepEqual([...gatesOf("review"), ...gatesOf("security")], ["findings held", "findings held"]);
    assert.deepEqual(gatesOf("quality-control"), [
      "held-back held",
      "untouched held",
      "green held",
      "clean held",
      "findings held",
    ]);
    assert.deepEqual(
      finished.changes.map(({ path, kind }) => [path, kind]),
      [
        ["src/bill.js", "Modified"],
        ["test/split.test.js", "Created"],
      ],
    );
    assert.equal(await readFile(join(project.workspace, "src/bill.js"), "utf8"), before);
    assert.deepEqual(project.problems, []);
  });
});
