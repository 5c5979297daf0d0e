import type { AgentConfig } from "../../schemas/agent.ts";
import { CoditectError } from "../../schemas/errors.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import type { Json } from "../../schemas/primitives.ts";
import type { ToolOutcome } from "../../schemas/transcript.ts";
import type { HookCall, Hooks } from "../hooks/hooks-api.ts";

/** The execution that calls tools, and the hooks of its workspace. */
interface HookContext {
  execution: AgentExecution;
  agent: AgentConfig;
  hooks: Pick<Hooks, "run">;
}

interface PlannedCall {
  call_id: string;
  tool: string;
  input: Json;
}

/** A call as hooks see it, with Claude Code's names. */
const toldOf = (
  { execution, agent }: HookContext,
  { call_id, tool, input }: PlannedCall,
): Pick<HookCall, "task_id" | "subject" | "input"> => ({
  task_id: execution.task_id,
  subject: tool,
  input: {
    agent_id: execution.execution_id,
    agent_type: agent.agent_type,
    tool_name: tool,
    tool_input: input,
    tool_use_id: call_id,
  },
});

/** What an error of a hook says to the agent; anything else is thrown. */
const saidBy = (error: unknown): string => {
  if (error instanceof CoditectError && error.code !== "cancelled") return error.message;
  throw error;
};

/** Why the hooks `PreToolUse` do not want the tool to be called; null: it may be. Error: `cancelled`. */
export const refusalOf = async (
  context: HookContext,
  call: PlannedCall,
  signal: AbortSignal,
): Promise<string | null> => {
  try {
    await context.hooks.run({ event: "PreToolUse", ...toldOf(context, call) }, signal);
    return null;
  } catch (error) {
    return `${saidBy(error)} The tool was not called.`;
  }
};

/** The outcome with what the hooks `PostToolUse` say of it. Error: `cancelled`. */
export const afterTool = async (
  context: HookContext,
  outcome: ToolOutcome,
  signal: AbortSignal,
): Promise<ToolOutcome> => {
  const { content, is_error, duration_ms } = outcome;
  const told = toldOf(context, outcome);
  const input = { ...told.input, tool_response: { content, is_error }, duration_ms };
  try {
    const added = await context.hooks.run({ event: "PostToolUse", ...told, input }, signal);
    return added === null ? outcome : { ...outcome, content: `${content}\n${added}` };
  } catch (error) {
    return { ...outcome, content: `${content}\n${saidBy(error)}`, is_error: true };
  }
};
