import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { configurationDiagnostics } from "../../../../server/surfaces/lsp/configuration-files.ts";

const builtIn = new URL("../../../../server/teams/definition/built-in/", import.meta.url);
const TEAM = ".coditect/teams/mine.json";

/** `line:column message` of each problem, lines and columns counted from 1 as editors show them. */
const problems = (path: string, value: unknown): string[] | null => {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const diagnostics = configurationDiagnostics(path, text, false);
  return (
    diagnostics?.map(
      ({ range, message }) =>
        `${range.start.line + 1}:${range.start.character + 1} ${typeof message === "string" ? message : ""}`,
    ) ?? null
  );
};

const stage = (name: string, fields: object = {}) => ({
  name,
  member: "coder",
  prompt: "{{task}}",
  ...fields,
});
const team = (...workflow_stages: object[]) => ({
  name: "mine",
  members: [{ role: "coder", agent_type: "Coder" }],
  workflow_stages,
});

describe("agent and team files in the editor", () => {
  for (const name of readdirSync(builtIn))
    it(`finds nothing wrong with the built-in team ${name}`, () => {
      assert.deepEqual(problems(TEAM, readFileSync(new URL(name, builtIn), "utf8")), []);
    });

  it("says what is wrong at its line, also what no schema can say", () => {
    assert.deepEqual(
      problems(TEAM, team(stage("one", { depends_on: ["two"] }), stage("two", { depends_on: ["one"] }))),
      [
        "14:21 one depends on itself, through other stages or directly",
        "22:21 two depends on itself, through other stages or directly",
      ],
    );
    assert.deepEqual(problems(TEAM, team(stage("one", { member: "painter", prompt: "{{taks}}" }))), [
      "12:17 there is no member painter",
      "13:17 there is no variable {{taks}}",
    ]);
    assert.deepEqual(problems(TEAM, team(stage("One"))), [
      "11:15 workflow_stages[0].name: must be lower-case words joined with -",
    ]);
  });

  it("leaves to an editor with the schemas what those say", () => {
    const text = (value: object) => JSON.stringify(value);
    assert.deepEqual(configurationDiagnostics(TEAM, text({ name: "mine", members: "nobody" }), true), []);
    const [rule] =
      configurationDiagnostics(TEAM, text(team(stage("one", { member: "painter" }))), true) ?? [];
    assert.equal(rule?.message, "there is no member painter");
  });

  it("points at the object that misses a field", () => {
    assert.deepEqual(
      problems(".coditect/agents/a.json", '{\n  "name": "a",\n  "settings": { "colour": 1 }\n}'),
      [
        "1:1 agent_type: must be one of " +
          "TestWriter, Coder, Reviewer, Security, Architecture, Documenter, Orchestrator, QualityControl",
        "3:27 settings.colour: is not a known field",
      ],
    );
  });

  it("leaves text that is no JSON, and other files, to the editor", () => {
    assert.deepEqual(problems(TEAM, "{"), []);
    assert.equal(problems("src/teams/mine.json", "{}"), null);
    assert.equal(problems(".coditect/teams/deep/mine.json", "{}"), null);
  });
});
