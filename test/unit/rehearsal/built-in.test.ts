import assert from "node:assert/strict";
import { access, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { toolTable, ToolName } from "../../../schemas/tools.ts";
import { builtInScript, copySample, rehearsedWorkflows } from "../../../server/rehearsal/built-in.ts";

describe("bundled rehearsals", () => {
  for (const workflow of rehearsedWorkflows)
    it(`call only tools there are, with arguments they take: ${workflow}`, async () => {
      const { agents } = await builtInScript(workflow);
      const calls = Object.values(agents)
        .flat(2)
        .flatMap((turn) => turn.tool_calls);
      assert.ok(calls.length > 5);
      for (const call of calls) toolTable[ToolName.parse(call.tool)].arguments.parse(call.arguments);
    });

  it("are told apart by their tasks", async () => {
    const tasks = await Promise.all(rehearsedWorkflows.map(async (name) => (await builtInScript(name)).task));
    assert.equal(new Set(tasks).size, rehearsedWorkflows.length);
    assert.ok(!tasks.includes(""));
  });

  it("know no other workflow", () =>
    assert.rejects(async () => builtInScript("tddd"), /no rehearsal of tddd. There are: tdd, bug-fix, /));

  it("have a sample whose copy containers, which are another user, can read", async () => {
    const folder = await copySample();
    try {
      assert.equal((await stat(folder)).mode & 0o005, 0o005);
      await access(join(folder, "src", "bill.js"));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
