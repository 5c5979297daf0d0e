import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

/** Built-in teams that a person can name in a prompt, with their purposes. */
const teams = {
  tdd: ["Develop with tests first", "Writes failing tests, then code that passes them, and reviews both."],
  "bug-fix": ["Fix a bug", "Writes a test that shows the bug, then the fix."],
  review: ["Review a file", "Reports findings, and changes nothing."],
  security: ["Review a file for security", "Reports weaknesses, and changes nothing."],
} as const;

/**
 * Prompts that a person chooses in their client, often as slash commands. Each asks the client's own agent to
 * run a team and to show what the runtime measured.
 */
export const addPrompts = (server: McpServer): void => {
  for (const [team, [title, description]] of Object.entries(teams))
    server.registerPrompt(
      team,
      {
        title,
        description,
        argsSchema: z.object({
          file: z.string().describe("The file it is about, relative to the workspace"),
          task: z.string().optional().describe("What to do"),
        }),
      },
      ({ file, task }) => {
        const input = JSON.stringify({ team, file, ...(task !== undefined && { task }) });
        const text =
          `Call the tool run_team with ${input}. Then show which gates passed and failed, and the diff that ` +
          "get_changes returns. Ask before you call apply_changes.";
        return { messages: [{ role: "user", content: { type: "text", text } }] };
      },
    );
};
