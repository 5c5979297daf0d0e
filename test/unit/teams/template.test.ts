import assert from "node:assert/strict";
import { fillPrompt, variablesIn } from "../../../server/teams/definition/template.ts";

const values = new Map([
  ["task", "Round $& up: {{file}}"],
  ["file", "src/a.ts"],
]);

describe("the template of a prompt", () => {
  it("has its variables filled in, with whatever their values hold", () => {
    const prompt = "{{task}} in {{ file }}, {{file}}";
    for (let time = 0; time < 2; time += 1)
      assert.equal(fillPrompt(prompt, values), "Round $& up: {{file}} in src/a.ts, src/a.ts");
  });

  it("keeps what is no variable as it is written", () => {
    for (const prompt of ["", "plain", "{{ unknown }}", "{ {file} }", "${{}}", "{{file"])
      assert.equal(fillPrompt(prompt, new Map([["other", "x"]])), prompt);
  });

  it("names its variables", () => {
    assert.deepEqual(variablesIn("{{task}}, {{ in file }} and {{}}"), ["task", "in file", ""]);
    assert.deepEqual(variablesIn("none"), []);
  });
});
