import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readPackage } from "../../../server/sharing/read-package.ts";
import { previewOf } from "../../../server/sharing/preview.ts";

const read = (source: string, ...lines: string[]) => readPackage(source, Buffer.from(lines.join("\n")));

const planner = [
  "---",
  "description: Plans a change before anybody writes code.",
  "tools: ['search', 'web/fetch', 'github/list_issues', 'usages']",
  "model: ['Claude Opus', 'GPT']",
  "handoffs:",
  "  - label: Start",
  "    agent: implementer",
  "---",
  "# Planning",
  "",
  "You write a plan.",
];

describe("agents of other products", () => {
  it("imports an agent of VS Code that only reads as a Reviewer with those tools", () => {
    const { content, files } = read(".github/agents/planner.agent.md", ...planner);
    const [agent] = content.agents;
    assert.equal(agent?.name, "planner");
    assert.equal(agent.agent_type, "Reviewer");
    assert.deepEqual(agent.settings?.tools?.toSorted(), [
      "github__list_issues",
      "list_files",
      "read_file",
      "report_findings",
      "search",
    ]);
    assert.equal(
      agent.settings.custom_prompts?.["system.append"],
      "Plans a change before anybody writes code.\n\n# Planning\n\nYou write a plan.",
    );
    assert.deepEqual(
      files.map(({ path }) => path),
      [".coditect/agents/planner.json"],
    );
  });

  it("says in the preview what it leaves out", () => {
    const preview = previewOf(read("planner.agent.md", ...planner));
    assert.match(preview, /^Left out, because it has no meaning here: model, handoffs, tool web\/fetch$/m);
  });

  it("imports an agent of Claude Code, whose tools are words with commas", () => {
    const { content } = read(
      "agents/fixer.md",
      ...[
        "---",
        "name: test-fixer",
        "description: >",
        "  Fixes",
        "  tests.",
        "tools: Read, Edit, Bash",
        "---",
        "Fix it.",
      ],
    );
    const [agent] = content.agents;
    assert.deepEqual([agent?.name, agent?.agent_type], ["test-fixer", "Coder"]);
    assert.deepEqual(agent?.settings?.tools, ["read_file", "write_file", "edit_file", "run_command"]);
    assert.equal(agent.settings.custom_prompts?.["system.append"], "Fixes tests.\n\nFix it.");
  });

  it("gives a tool that is limited to some arguments no right", () => {
    const { content, leftOut } = read(
      "a.md",
      "---",
      "tools:",
      "- Read",
      '- "Bash(git diff:*)"',
      "---",
      "Read.",
    );
    assert.deepEqual(content.agents[0]?.settings?.tools, ["read_file", "report_findings"]);
    assert.deepEqual(leftOut, ["tool Bash(git diff:*)"]);
  });

  it("leaves an agent without a list of tools those of its stage", () => {
    const { content } = read("a.agent.md", "---", "description: Helps.", "---", "Help.");
    assert.equal(content.agents[0]?.agent_type, "Coder");
    assert.equal(content.agents[0].settings?.tools, undefined);
  });

  for (const lines of [["# No front matter"], ["---", "name: empty", "---", ""], [""]])
    it(`refuses ${JSON.stringify(lines[0])}`, () => {
      assert.throws(() => read("README.md", ...lines), {
        code: "package_unreadable",
        message: /front matter/,
      });
    });
});
