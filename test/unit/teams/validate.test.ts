import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { TeamFile, WorkflowStage } from "../../../schemas/team.ts";
import { builtInContent } from "../../../server/teams/definition/built-in.ts";
import { checkWorkflow, workflowProblems } from "../../../server/teams/definition/validate.ts";

const builtIn = new URL("../../../server/teams/definition/built-in/", import.meta.url);

type StageInput = Partial<WorkflowStage> & { name: string };
const problems = (...stages: StageInput[]) =>
  workflowProblems({
    name: "team",
    members: [{ agent_id: null, role: "one", agent_type: "Coder" }],
    workflow_stages: stages.map((stage) => WorkflowStage.parse({ member: "one", prompt: "Work.", ...stage })),
  }).map(({ path, message }) => `${path.join(".")}: ${message}`);

describe("the check of a workflow", () => {
  it("passes every built-in team", async () => {
    const files = (await readdir(builtIn)).filter((name) => name.endsWith(".json"));
    assert.ok(files.length >= 4);
    for (const file of files) {
      const team = TeamFile.parse(JSON.parse(await readFile(new URL(file, builtIn), "utf8")));
      checkWorkflow(builtInContent(team));
    }
  });

  const refused: [string, StageInput[], RegExp][] = [
    [
      "a cycle",
      [
        { name: "a", depends_on: ["b"] },
        { name: "b", depends_on: ["a"] },
      ],
      /depends on itself/,
    ],
    [
      "an unknown dependency",
      [{ name: "a", depends_on: ["x"] }],
      /workflow_stages\.0\.depends_on\.0: there is no stage x/,
    ],
    ["an unknown member", [{ name: "a", member: "ghost" }], /0\.member: there is no member ghost/],
    ["a stage that is there twice", [{ name: "a" }, { name: "a" }], /1\.name: this stage occurs twice/],
    [
      "a loop to a later stage",
      [{ name: "a", gates: ["green"], on_failure: { back_to: "b", max_rounds: 1 } }, { name: "b" }],
      /b does not come before a/,
    ],
    ["a loop without a gate", [{ name: "a", on_failure: { back_to: "a", max_rounds: 1 } }], /without gates/],
    ["a writing stage without a gate", [{ name: "a", write_access: "sources" }], /needs at least one gate/],
    [
      "a stage for tests whose member writes none",
      [{ name: "a", write_access: "tests", gates: ["red"] }],
      /0\.member: one cannot do this stage: it needs WriteUnitTests or WriteIntegrationTests/,
    ],
    [
      "a review by a member who cannot review",
      [{ name: "a", gates: ["findings"] }],
      /0\.member: one cannot do this stage: it needs ReviewCode or AnalyzeSecurity or QualityAssurance/,
    ],
    ["an unknown tool", [{ name: "a", tools: ["teleport"] }], /tools\.0: there is no tool teleport/],
    ["an unknown variable", [{ name: "a", prompt: "Do {{everything}}" }], /no variable \{\{everything\}\}/],
    [
      "an input that comes later",
      [{ name: "a", inputs: ["b"] }, { name: "b" }],
      /inputs\.0: b does not come before a/,
    ],
  ];
  for (const [what, stages, message] of refused) {
    it(`refuses ${what}, with its place`, () => {
      assert.match(problems(...stages).join("\n"), message);
    });
  }

  it("passes a member that has the capability, whatever its type, and tools of MCP servers", () => {
    const team = {
      name: "team",
      members: [{ agent_id: null, role: "one", agent_type: "Coder" as const }],
      workflow_stages: [
        WorkflowStage.parse({
          name: "a",
          member: "one",
          prompt: "Work.",
          write_access: "tests",
          gates: ["red"],
          tools: ["write_file", "files__search"],
        }),
      ],
    };
    assert.deepEqual(
      workflowProblems(team, () => ["WriteUnitTests"]),
      [],
    );
    assert.deepEqual(
      workflowProblems(team, () => null),
      [],
    );
  });

  it("passes tools that only a named agent has", () => {
    const stage = WorkflowStage.parse({ name: "a", member: "one", prompt: "Work.", tools: ["ticket"] });
    const members = [{ agent_id: null, role: "one", agent_type: "Coder" as const }];
    const team = { name: "team", members, workflow_stages: [stage] };
    assert.deepEqual(
      workflowProblems(team, () => null),
      [],
    );
    assert.equal(workflowProblems(team).length, 1);
  });

  it("names every problem at once", () => {
    assert.equal(problems({ name: "a", member: "ghost", depends_on: ["x"], tools: ["teleport"] }).length, 3);
  });
});
