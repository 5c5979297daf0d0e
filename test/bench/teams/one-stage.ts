import type { MethodInput } from "../../../schemas/contract.ts";

/** A team whose only stage lets its agent take that many turns. */
export const oneStage = (turns: number): MethodInput<"teams/create"> => ({
  name: "steps",
  members: [{ role: "reader", agent_type: "TestWriter" }],
  workflow_stages: [{ name: "read", member: "reader", prompt: "{{task}}", max_turns: turns + 10 }],
});
