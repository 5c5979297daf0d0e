import type { ExecutionSummary } from "../../schemas/events.ts";
import type { AgentExecution } from "../../schemas/execution.ts";

/** What is told of an execution when it changes: everything a tree shows, and no content. */
export const summarise = (execution: AgentExecution): ExecutionSummary => ({
  execution_id: execution.execution_id,
  instance_id: execution.instance_id,
  task_id: execution.task_id,
  status: execution.status,
  error: execution.error,
  resource_usage: execution.resource_usage,
  created_at: execution.created_at,
  started_at: execution.started_at,
  completed_at: execution.completed_at,
  agent_type: execution.metadata.agent_type,
  agent_name: execution.metadata.agent_name,
  stage: execution.metadata.stage,
  round: execution.metadata.round,
  model: execution.metadata.model,
});
