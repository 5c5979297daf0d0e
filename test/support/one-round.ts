import type { MethodInput } from "../../schemas/contract.ts";
import type { JournalEntry, Turn } from "../model-servers.ts";

/** A tool call as the whole answer of a scripted model. */
export const call = (tool: string, args: NonNullable<Turn["calls"]>[number]["arguments"]): Turn => ({
  calls: [{ tool, arguments: args }],
});

export const finish = call("finish", { summary: "All tests pass.", confidence: 1, completeness: 1 });

/** The heart of the TDD team: nothing is sent back, so every run shows one round alone. */
export const oneRound: MethodInput<"teams/create"> = {
  name: "one round",
  members: [
    { role: "test-writer", agent_type: "TestWriter" },
    { role: "coder", agent_type: "Coder" },
  ],
  workflow_stages: [
    { name: "test", member: "test-writer", prompt: "{{task}}", write_access: "tests", gates: ["red"] },
    {
      name: "code",
      member: "coder",
      depends_on: ["test"],
      prompt: "{{task}}",
      write_access: "sources",
      gates: ["untouched", "green", "clean"],
    },
  ],
};

/** How often the model answered already, in a request of Ollama's protocol. */
export const answered = ({ body }: JournalEntry): number =>
  JSON.stringify(body).split('"role":"assistant"').length - 1;

/** One agent that reads and answers, and nothing to prove. */
export const reader: MethodInput<"teams/create"> = {
  name: "reader",
  members: [{ role: "reviewer", agent_type: "Reviewer" }],
  workflow_stages: [{ name: "read", member: "reviewer", prompt: "{{task}}", write_access: "none" }],
};
