import { fail } from "../../schemas/errors.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import { ExportedExecution } from "../../schemas/export.ts";
import type { TeamRun } from "../../schemas/run.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import type { Changes } from "../changes/changes.ts";
import { buildConversation } from "../executions/conversation.ts";
import type { Store } from "../store/store.ts";
import { redactValue } from "../workspace/redact.ts";

export interface ExportParts {
  store: Store;
  changes: Changes;
  /** Values that must not leave. */
  secrets: readonly string[];
}

const feedbackOf = (store: Store, execution: AgentExecution, run: TeamRun) => {
  const changeSet = run.change_set_id === null ? null : store.get("changeSets", run.change_set_id);
  const findings = store
    .all("findings", { task_id: execution.task_id })
    .filter(({ execution_id }) => execution_id === execution.execution_id);
  return {
    // Records of earlier versions have no such fields.
    rating: (execution.metadata.rating as typeof execution.metadata.rating | undefined) ?? null,
    changes: (changeSet?.files ?? []).map(({ path, decision }) => ({ path, decision })),
    discard_reason: changeSet?.discard_reason ?? null,
    findings: findings.map(
      ({
        path,
        start_line,
        end_line,
        severity,
        category,
        title,
        explanation,
        confidence,
        status,
        dismissed_reason,
      }) => ({
        ...{ path, start_line, end_line, severity, category, title, explanation },
        ...{ confidence, status, dismissed_reason },
      }),
    ),
  };
};

const conversationOf = (execution: AgentExecution, entries: readonly TranscriptEntry[]) => {
  const { system, messages, tools } = buildConversation(entries);
  // One that waits for an instance has no transcript yet, only what it is going to be asked.
  const isBegun = entries.some(({ type }) => type === "prompt");
  return { system: isBegun ? system : (execution.input.system_message ?? ""), messages, tools: [...tools] };
};

/**
 * An execution in the form of `coditect export`, without secrets: those of the environment, and
 * what has the form of one. Error: `not_found`.
 */
export const exportExecution = async (
  { store, changes, secrets }: ExportParts,
  execution: AgentExecution,
): Promise<ExportedExecution> => {
  const { execution_id, task_id, created_at, status, input, output, error, metadata } = execution;
  const run = store.get("runs", task_id);
  const task = store.get("tasks", task_id);
  if (run === null || task === null) throw fail("not_found", { kind: "run of task", id: task_id });
  const changeSet = metadata.change_set_id === null ? null : store.get("changeSets", metadata.change_set_id);
  const { stage, round, agent_type, provider, model, answered_by, gates } = metadata;
  const line = {
    format: "coditect-execution/1",
    ...{ execution_id, task_id, created_at, workflow: task.workflow },
    ...{ stage, round, agent_type, provider, model, answered_by },
    task: { description: task.description, file: task.file },
    ...conversationOf(execution, await store.transcripts.read(execution_id)),
    context: input.context.map(({ context_type, name }) => ({ context_type, name })),
    parameters: input.parameters,
    outcome: {
      ...{ status, error, result: output?.result ?? null },
      quality_metrics: output?.quality_metrics ?? null,
      diff: changeSet === null || changeSet.files.length === 0 ? null : await changes.diff(changeSet),
      run_status: run.status,
    },
    gates,
    usage: execution.resource_usage,
    feedback: feedbackOf(store, execution, run),
  };
  return ExportedExecution.parse(redactValue(line, secrets));
};
