import { randomUUID } from "node:crypto";
import { fail } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { StageState, Task, TeamRun } from "../../../schemas/run.ts";
import type { StageVariation, WorkflowStage } from "../../../schemas/team.ts";
import { isFinished, newExecution } from "../../models/execution.ts";
import type { Configuration } from "../definition/configuration.ts";
import { checkCapable } from "../definition/members.ts";
import { definitionOf, presentAttempts } from "../plan.ts";
import { attemptsInRound, variationOf, varied } from "../stage/attempts.ts";
import { visibleTo } from "../stage/held-back.ts";
import { changeSetOf, startingChanges } from "../stage/stage-changes.ts";
import { stageExecution } from "../stage/stage-input.ts";
import type { StageWork, TeamParts } from "../stage/stage-parts.ts";
import { outcomeOf } from "../stage/stage-work.ts";
import { viewWorkspace } from "../stage/workspace-view.ts";

/** The parts of the runtime that drive runs. */
export interface RunParts extends TeamParts {
  configuration: Configuration;
}

/** The input for preparing a round. */
export interface RoundOf {
  run: TeamRun;
  task: Task;
  baseline: StageWork["baseline"];
  signal: AbortSignal;
}

/** A prepared round. `isNew` says that its execution is not stored yet. */
export interface PreparedRound {
  work: StageWork;
  isNew: boolean;
}

/**
 * Creates an execution that continues a finished one, whose record does not change. The new transcript begins with
 * the same answers, so that none of them is paid twice.
 */
const continued = async (parts: RunParts, last: AgentExecution): Promise<AgentExecution> => {
  const metadata = { ...last.metadata, rating: null };
  const execution = newExecution({ ...last, metadata, execution_id: randomUUID() }, parts.now());
  const entries = await parts.store.transcripts.read(last.execution_id);
  // The earlier execution has paid for these entries, and its usage includes them.
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

interface PreparedExecution {
  execution: AgentExecution;
  isNew: boolean;
}

/** The execution that was interrupted, or one that continues it; null if none began. */
const cutOffExecution = async (
  parts: RunParts,
  executionId: string | undefined,
): Promise<PreparedExecution | null> => {
  const last = executionId === undefined ? null : parts.store.get("executions", executionId);
  if (last === null) return null;
  if (!isFinished(last)) return { execution: last, isNew: false };
  // Work that a gate refused stays refused, even if its runtime was killed before the run recorded it.
  const { type } = outcomeOf(last);
  if (type === "completed" || type === "refused") return { execution: last, isNew: false };
  return { execution: await continued(parts, last), isNew: true };
};

/** What identifies an execution of a round: its number, and where it was interrupted. */
interface Part {
  /** Its number among several attempts; null if it is the only one. */
  attempt: number | null;
  /** How the attempt with this number differs from the stage. */
  variation: StageVariation | null;
  cutOff: string | undefined;
}

/** The executions of a stage's round: one, or several attempts. */
const partsOfRound = (stage: WorkflowStage, state: StageState): Part[] => {
  const isCutOff = state.status === "Running";
  const attempted = presentAttempts(state);
  if (isCutOff && attempted.length > 0)
    return attempted.map(({ attempt, execution_id }) => ({
      attempt,
      variation: variationOf(stage, attempt),
      cutOff: execution_id,
    }));
  const count = isCutOff ? 1 : attemptsInRound(stage, state);
  if (count > 1)
    return Array.from({ length: count }, (_, index) => ({
      attempt: index + 1,
      variation: variationOf(stage, index + 1),
      cutOff: undefined,
    }));
  // The author of the best attempt repairs it.
  const best = state.attempts?.find(({ rank }) => rank === 1);
  return [
    {
      attempt: null,
      variation: best === undefined ? null : variationOf(stage, best.attempt),
      cutOff: isCutOff ? state.execution_ids.at(-1) : undefined,
    },
  ];
};

/**
 * Prepares the executions of a stage's next round, one after the other. They are new ones or, for an interrupted
 * stage, the interrupted ones.
 */
export const prepareRound = async (
  parts: RunParts,
  { run, task, baseline, signal }: RoundOf,
  state: StageState,
): Promise<PreparedRound[]> => {
  const { store, changes } = parts;
  const definition = definitionOf(run, state.name);
  // An interrupted round continues with its original state, even if other stages have changed theirs in
  // the meantime.
  const startsWith =
    state.status === "Running"
      ? changeSetOf(store, state.starts_with)
      : await startingChanges(store, changes, run, state.name);
  const view = viewWorkspace(
    parts.workspace,
    run.options.overlays,
    visibleTo(run, definition, startsWith === null ? [] : await changes.fileChanges(startsWith)),
  );
  const rounds: PreparedRound[] = [];
  for (const { attempt, variation, cutOff } of partsOfRound(definition, state)) {
    const member = await agentOf(parts, run, variation?.member ?? definition.member);
    const { stage, agent } = varied(definition, member, variation);
    checkCapable(agent, stage);
    const common = { run, task, stage, agent, startsWith, attempt, signal, baseline };
    const prepared = (await cutOffExecution(parts, cutOff)) ?? {
      execution: await stageExecution(parts, common, view),
      isNew: true,
    };
    rounds.push({ work: { ...common, execution: prepared.execution }, isNew: prepared.isNew });
  }
  return rounds;
};
