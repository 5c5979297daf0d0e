import type { ChangeSet } from "../../../schemas/changes.ts";
import { CoditectError } from "../../../schemas/errors.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import type { Json } from "../../../schemas/primitives.ts";
import type { LoopResult } from "../../../schemas/worker.ts";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { WorkflowStage } from "../../../schemas/team.ts";
import type { Hooks } from "../../hooks/hooks-api.ts";

interface Parts {
  hooks: Pick<Hooks, "run">;
}

/** A stage at work. */
interface StageWork {
  execution: AgentExecution;
  agent: AgentConfig;
  stage: WorkflowStage;
  signal: AbortSignal;
}

/** What hooks get to know about a stage. Claude Code calls it a subagent. */
const toldOf = ({ execution, agent, stage }: StageWork) => ({
  agent_id: execution.execution_id,
  agent_type: agent.agent_type,
  agent_name: agent.name,
  stage: stage.name,
});

/** Runs the hooks `SubagentStart`. Errors: `hook_refused`, `hook_failed`, `hooks_unconfirmed`. */
export const beforeStage = async ({ hooks }: Parts, work: StageWork): Promise<void> => {
  const { execution, agent, signal } = work;
  const { task_id } = execution;
  const call = { event: "SubagentStart" as const, task_id, subject: agent.agent_type, input: toldOf(work) };
  await hooks.run(call, signal);
};

interface Finished {
  loop: LoopResult;
  gates: readonly GateProof[];
  changeSet: ChangeSet | null;
}

/** Why the hooks `SubagentStop` refuse the work of a stage whose gates held; null if they do not. */
export const afterStage = async (
  { hooks }: Parts,
  work: StageWork,
  { loop, gates, changeSet }: Finished,
): Promise<CoditectError | null> => {
  const { execution, agent, signal } = work;
  const input: Record<string, Json> = {
    ...toldOf(work),
    last_assistant_message: loop.summary,
    gates: gates.map(({ gate, held, reason }) => ({ gate, held, reason })),
    changed_files: (changeSet?.files ?? []).map(({ path }) => path),
  };
  const { task_id } = execution;
  try {
    await hooks.run({ event: "SubagentStop", task_id, subject: agent.agent_type, input }, signal);
    return null;
  } catch (error) {
    if (error instanceof CoditectError && error.code !== "cancelled") return error;
    throw error;
  }
};
