import { randomUUID } from "node:crypto";
import { fail } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { StageState, Task, TeamRun } from "../../../schemas/run.ts";
import { isFinished, newExecution } from "../../models/execution.ts";
import type { Configuration } from "../definition/configuration.ts";
import { checkCapable } from "../definition/members.ts";
import { definitionOf } from "../plan.ts";
import { visibleTo } from "../stage/held-back.ts";
import { changeSetOf, startingChanges } from "../stage/stage-changes.ts";
import { stageExecution } from "../stage/stage-input.ts";
import { outcomeOf, type StageWork, type TeamParts } from "../stage/stage-work.ts";
import { viewWorkspace } from "../stage/workspace-view.ts";

/** The parts of the runtime that runs are driven with. */
export interface RunParts extends TeamParts {
  configuration: Configuration;
}

/** What a round is prepared from. */
export interface RoundOf {
  run: TeamRun;
  task: Task;
  baseline: StageWork["baseline"];
  signal: AbortSignal;
}

/** What a round is worked with; `isNew`: its execution is not stored yet. */
export interface PreparedRound {
  work: StageWork;
  isNew: boolean;
}

/**
 * A finished record stays as it is: its work continues in a new one whose transcript begins with the
 * same answers, so that none of them is paid twice.
 */
const continued = async (parts: RunParts, last: AgentExecution): Promise<AgentExecution> => {
  const metadata = { ...last.metadata, rating: null };
  const execution = newExecution({ ...last, metadata, execution_id: randomUUID() }, parts.now());
  const entries = await parts.store.transcripts.read(last.execution_id);
  // They were paid for there, and count there.
  const kept = entries
    .filter(({ type }) => type !== "end" && type !== "gate" && type !== "quality" && type !== "spent")
    .map((entry) => (entry.type === "answer" ? { ...entry, cached: true } : entry));
  if (kept.length > 0) await parts.store.transcripts.append(execution.execution_id, kept);
  return execution;
};

const agentOf = (parts: RunParts, run: TeamRun, role: string) => {
  const member = run.members.find((candidate) => candidate.role === role);
  if (member === undefined) throw fail("not_found", { kind: "team member", id: role });
  return parts.configuration.agentOf(member);
};

/** The execution in which a stage was cut off, or one that continues it; null: none began. */
const cutOffExecution = async (parts: RunParts, state: StageState): Promise<PreparedExecution | null> => {
  const lastId = state.status === "Running" ? state.execution_ids.at(-1) : undefined;
  const last = lastId === undefined ? null : parts.store.get("executions", lastId);
  if (last === null) return null;
  if (!isFinished(last)) return { execution: last, isNew: false };
  // What a gate refused is refused, though its runtime was killed before the run recorded it.
  const { type } = outcomeOf(last);
  if (type === "completed" || type === "refused") return { execution: last, isNew: false };
  return { execution: await continued(parts, last), isNew: true };
};

interface PreparedExecution {
  execution: AgentExecution;
  isNew: boolean;
}

/**
 * What a stage is worked with in its next round: a new execution, or, for a stage that was cut off,
 * the one it was cut off in.
 */
export const prepareRound = async (
  parts: RunParts,
  { run, task, baseline, signal }: RoundOf,
  state: StageState,
): Promise<PreparedRound> => {
  const { store, changes } = parts;
  const stage = definitionOf(run, state.name);
  const agent = await agentOf(parts, run, stage.member);
  checkCapable(agent, stage);
  // A round that was cut off continues from where it began, whatever other stages did meanwhile.
  const startsWith =
    state.status === "Running"
      ? changeSetOf(store, state.starts_with)
      : await startingChanges(store, changes, run, state.name);
  const common = { run, task, stage, agent, startsWith, signal, baseline };
  const cutOff = await cutOffExecution(parts, state);
  if (cutOff !== null) return { work: { ...common, execution: cutOff.execution }, isNew: cutOff.isNew };
  const view = viewWorkspace(
    parts.workspace,
    run.options.overlays,
    visibleTo(run, stage, startsWith === null ? [] : await changes.fileChanges(startsWith)),
  );
  return { work: { ...common, execution: await stageExecution(parts, common, view) }, isNew: true };
};
