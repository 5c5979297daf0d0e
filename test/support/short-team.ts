import type { z } from "zod";
import type { TeamFile } from "../../schemas/team.ts";
import type { RehearsalScript, Turn } from "../../server/rehearsal/script.ts";

/**
 * A team that replaces the TDD team in a project. It makes the rehearsal's change in two stages and runs no tests, for
 * tests that need a change of a team and not its proof.
 */
export const shortTeam = {
  name: "tdd",
  description: "Makes the rehearsal's change without running tests.",
  members: [
    { role: "coder", agent_type: "Coder" as const },
    { role: "reviewer", agent_type: "Reviewer" as const },
  ],
  workflow_stages: [
    { name: "change", member: "coder", prompt: "{{task}}", write_access: "all", gates: ["changed"] },
    { name: "check", member: "reviewer", depends_on: ["change"], prompt: "{{task}}", gates: ["findings"] },
  ],
} satisfies z.input<typeof TeamFile>;

/** The file of the short team in a project. */
export const SHORT_TEAM_FILE = ".coditect/teams/tdd.json";

const CHANGES = new Set(["write_file", "edit_file"]);

/** The model's answers for the short team. Each write and finding of the rehearsal is one answer. */
export const shortScript = (rehearsal: RehearsalScript): RehearsalScript => {
  const turns = Object.values(rehearsal.agents).flat(2);
  const having = (isWanted: (tool: string) => boolean, text: string): [Turn, Turn] => [
    {
      text,
      tool_calls: turns.flatMap(({ tool_calls }) => tool_calls.filter(({ tool }) => isWanted(tool))),
    },
    {
      text: "",
      tool_calls: [{ tool: "finish", arguments: { summary: "Done.", confidence: 1, completeness: 1 } }],
    },
  ];
  return {
    ...rehearsal,
    task: "",
    agents: {
      "Coder/change": [having((tool) => CHANGES.has(tool), "I round to whole cents.")],
      "Reviewer/check": [having((tool) => tool === "report_findings", "One remark.")],
    },
  };
};
