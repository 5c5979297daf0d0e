import type { ExecutionSummary } from "./events.ts";
import type { AgentExecution } from "./execution.ts";

// Without a schema: what draws executions loads no validator for it.
/** The summary of a stored execution: the same in events and when it is read later. */
export const summarise = (execution: Omit<AgentExecution, "input">): ExecutionSummary => {
  const { agent_type, agent_name, stage, round, provider, model, exposure, attempt } = execution.metadata;
  return {
    execution_id: execution.execution_id,
    instance_id: execution.instance_id,
    task_id: execution.task_id,
    status: execution.status,
    error: execution.error,
    resource_usage: execution.resource_usage,
    created_at: execution.created_at,
    started_at: execution.started_at,
    completed_at: execution.completed_at,
    agent_type,
    agent_name,
    stage,
    round,
    model: `${provider}/${model}`,
    ...(exposure !== undefined && { exposure }),
    ...(attempt !== undefined && { attempt: attempt.number }),
    ...(execution.output !== null && { quality: execution.output.quality_metrics }),
  };
};
