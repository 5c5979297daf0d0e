import assert from "node:assert/strict";
import { StartRun } from "../../../schemas/contract.ts";
import { newTask } from "../../../server/teams/run/task.ts";
import { NOW, TENANT } from "../../support/records.ts";

const taskOf = (workflow: string, request: { task?: string; file?: string; data?: object }) =>
  newTask(TENANT, workflow, StartRun.parse({ task: "", ...request }), NOW);

describe("a task", () => {
  it("is what the user says, else what its team does by itself with what is named", () => {
    assert.equal(taskOf("bug-fix", { task: "It crashes." }).description, "It crashes.");
    assert.match(taskOf("tdd", { file: "a.js" }).description, /^Cover a\.js with tests/);
    assert.match(taskOf("review", {}).description, /the whole of this project/);
  });

  for (const workflow of ["bug-fix", "architecture"])
    it(`is asked for where a team has nothing to go by without it: ${workflow}`, () => {
      assert.throws(() => taskOf(workflow, { task: " \n" }), { code: "task_needed" });
      assert.ok(taskOf(workflow, { file: "a.js" }).description);
      assert.ok(taskOf(workflow, { data: { diagnostic: { message: "is not a function" } } }).description);
    });
});
