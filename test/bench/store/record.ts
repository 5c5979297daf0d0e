import type { AgentExecution } from "../../../schemas/execution.ts";
import { noUsage } from "../../../server/models/execution.ts";

export const tenantId = "7b1f6a52-2f0f-4d3e-9a44-0d5a52a3c001";
const at = "2026-01-31T12:00:00.000Z";

export const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const taskOf = (number: number): string => `10000000-0000-4000-8000-${String(number >> 2).padStart(12, "0")}`;
const instanceOf = (number: number): string =>
  `20000000-0000-4000-8000-${String(number % 64).padStart(12, "0")}`;

const words = "the loop between coder and tests matters more than any prompt that was ever written ";

/** An execution of about 2 KB of JSON, in three secondary indexes; `turn` is what changes. */
export const execution = (number: number, turn = 0): AgentExecution => ({
  execution_id: idOf(number),
  instance_id: instanceOf(number),
  task_id: taskOf(number),
  tenant_id: tenantId,
  status: "Running",
  input: {
    prompt: `${turn} ${words.repeat(12)}`,
    system_message: null,
    context: [],
    parameters: {
      temperature: 0.2,
      max_tokens: 4096,
      max_turns: 40,
      timeout_seconds: 600,
      write_access: "none",
      test_command: null,
    },
    tools: [],
  },
  output: null,
  error: null,
  metadata: {
    agent_id: idOf(1),
    agent_type: "Coder",
    agent_name: "coder",
    provider: "Claude",
    model: "a-model",
    answered_by: ["Claude/a-model"],
    team_id: null,
    stage: "code",
    round: 1,
    gates: [],
    change_set_id: null,
    context_left_out: [],
    rating: null,
  },
  resource_usage: noUsage(),
  created_at: at,
  started_at: at,
  completed_at: null,
});
