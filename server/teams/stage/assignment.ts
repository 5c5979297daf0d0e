import type { ExecutionOutput } from "../../../schemas/execution.ts";
import type { TeamRun } from "../../../schemas/run.ts";
import { Assignment } from "../../../schemas/tools.ts";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import type { Store } from "../../store/store.ts";

/** The assignment that an Orchestrator made, from its tool calls; null if it made none. */
export const assignmentIn = (entries: readonly TranscriptEntry[]): Assignment | null => {
  const last = entries.findLast(
    (entry) => entry.type === "tool" && entry.outcome.tool === "assign_work" && !entry.outcome.is_error,
  );
  return last?.type === "tool" ? (Assignment.safeParse(last.outcome.input).data ?? null) : null;
};

/** The assignment in an output; null if there is none. */
export const assignmentOf = ({ data }: Pick<ExecutionOutput, "data">): Assignment | null => {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return null;
  return Assignment.safeParse(data.assignment).data ?? null;
};

/** The last assignment of a run's Orchestrator; null if there is none. */
export const assignmentFor = (store: Store, run: TeamRun): Assignment | null => {
  const made = run.stages.flatMap(({ execution_ids, completed_at }) => {
    const id = execution_ids.at(-1);
    const execution = id === undefined ? null : store.get("executions", id);
    const assignment = execution?.output == null ? null : assignmentOf(execution.output);
    return assignment === null ? [] : [{ assignment, at: completed_at ?? "" }];
  });
  return made.sort((one, other) => one.at.localeCompare(other.at)).at(-1)?.assignment ?? null;
};

/** Describes the suspects for the agents that work on them. */
export const describeAssignment = ({ files, suspects }: Assignment): string =>
  [
    ...(files.length === 0 ? [] : [`Files to work on: ${files.join(", ")}`]),
    ...suspects.map(
      ({ path, start_line, end_line, reason }, index) =>
        `Suspect ${index + 1}: ${path}:${start_line}-${end_line}: ${reason}`,
    ),
  ].join("\n");
