import { randomUUID } from "node:crypto";
import { fail } from "../../../schemas/errors.ts";
import type { AgentExecution, ExecutionError } from "../../../schemas/execution.ts";
import type { StageState, Task, TeamRun } from "../../../schemas/run.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { isFinished, newExecution } from "../../models/execution.ts";
import type { Configuration } from "../definition/configuration.ts";
import { definitionOf } from "../plan.ts";
import { changeSetOf, startingChanges } from "../stage/stage-changes.ts";
import { stageExecution } from "../stage/stage-input.ts";
import { outcomeOf, type StageWork, type TeamParts } from "../stage/stage-work.ts";
import { viewWorkspace } from "../stage/workspace-view.ts";

export interface DriveParts extends TeamParts {
  configuration: Configuration;
}

/** A run that is being driven. Only its driver changes `run`, and stores each change before it acts. */
export interface ActiveRun {
  run: TeamRun;
  readonly task: Task;
  readonly controller: AbortController;
  /** Why the run was stopped from outside, if it was. */
  stopped: { status: "Cancelled" | "LimitReached"; error: ExecutionError | null } | null;
  /** Its driver has gone while a person is waited for: whoever answers has to launch it anew. */
  parked: boolean;
  /** Makes its driver look again at what can begin; does nothing before it is driven. */
  wake: () => void;
  /** Report of the whole suite on the workspace as it was; null until measured. */
  baseline: TestReport | null;
  /** Called with each execution that is stored for it. */
  began: (execution: AgentExecution) => void;
}

/** Stores the next state of a run, with an execution that belongs to it, in one commit. */
export const saveRun = async (
  parts: DriveParts,
  active: ActiveRun,
  next: TeamRun,
  execution: AgentExecution | null = null,
): Promise<void> => {
  const statusChanged = next.status !== active.run.status;
  active.run = next;
  await parts.store.commit((transaction) => {
    if (execution !== null) transaction.put("executions", execution);
    transaction.put("runs", next);
  });
  const { task_id, status } = next;
  if (statusChanged) parts.emit({ type: "run.changed", at: parts.now(), task_id, status });
};

/**
 * A finished record stays as it is: its work goes on in a new one whose transcript begins with the
 * same answers, so that none of them is paid twice.
 */
const continued = async (parts: DriveParts, last: AgentExecution): Promise<AgentExecution> => {
  const metadata = { ...last.metadata, rating: null };
  const execution = newExecution({ ...last, metadata, execution_id: randomUUID() }, parts.now());
  const entries = await parts.store.transcripts.read(last.execution_id);
  // They were paid for there, and count there.
  const kept = entries
    .filter(({ type }) => type !== "end" && type !== "gate" && type !== "spent")
    .map((entry) => (entry.type === "answer" ? { ...entry, cached: true } : entry));
  if (kept.length > 0) await parts.store.transcripts.append(execution.execution_id, kept);
  return execution;
};

const agentOf = (parts: DriveParts, run: TeamRun, role: string) => {
  const member = run.members.find((candidate) => candidate.role === role);
  if (member === undefined) throw fail("not_found", { kind: "team member", id: role });
  return parts.configuration.agentOf(member);
};

/**
 * What a stage is worked with in its next round: a new execution, or, for a stage that was cut off,
 * the one it was cut off in. `isNew` says whether the execution is yet to be stored.
 */
export const prepareStage = async (
  parts: DriveParts,
  active: ActiveRun,
  state: StageState,
): Promise<{ work: StageWork; isNew: boolean }> => {
  const { store, changes, now } = parts;
  const { run, task, controller } = active;
  const stage = definitionOf(run, state.name);
  const agent = await agentOf(parts, run, stage.member);
  // A round that was cut off goes on from where it began, whatever other stages did meanwhile.
  const startsWith =
    state.status === "Running"
      ? changeSetOf(store, state.starts_with)
      : await startingChanges(store, changes, run, state.name);
  const common = {
    run,
    task,
    stage,
    agent,
    startsWith,
    signal: controller.signal,
    baseline: {
      read: () => active.baseline,
      write: async (report: TestReport) => {
        active.baseline = report;
        const baseline = await store.objects.put(Buffer.from(JSON.stringify(report)));
        await saveRun(parts, active, { ...active.run, baseline, updated_at: now() });
      },
    },
  };

  const lastId = state.status === "Running" ? state.execution_ids.at(-1) : undefined;
  const last = lastId === undefined ? null : store.get("executions", lastId);
  if (last !== null) {
    // What a gate refused is refused, though its runtime was killed before the run could say so.
    const isDecided = isFinished(last) && outcomeOf(last).type !== "failed";
    const execution = isDecided || !isFinished(last) ? last : await continued(parts, last);
    return { work: { ...common, execution }, isNew: execution !== last };
  }
  const view = viewWorkspace(
    parts.workspace,
    run.options.overlays,
    startsWith === null ? [] : await changes.fileChanges(startsWith),
  );
  const execution = await stageExecution({
    ...parts,
    run,
    task,
    stage,
    agent,
    provider: run.options.provider ?? agent.provider,
    changeSet: startsWith,
    view,
    signal: controller.signal,
  });
  return { work: { ...common, execution }, isNew: true };
};
