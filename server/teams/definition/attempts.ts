import { fail } from "../../../schemas/errors.ts";
import type { WorkflowStage } from "../../../schemas/team.ts";

/** Whether a stage can be attempted several times. It must write code, so that tests can compare attempts. */
export const isAttemptable = ({
  write_access,
  gates,
}: Pick<WorkflowStage, "write_access" | "gates">): boolean =>
  (write_access === "sources" || write_access === "all") && gates.includes("green");

/**
 * The stages of a run with this many attempts at its tested code. If undefined, the team decides.
 * Error: `invalid_workflow` if no stage can be attempted several times.
 */
export const withAttempts = (
  name: string,
  stages: readonly WorkflowStage[],
  attempts: number | undefined,
): WorkflowStage[] => {
  if (attempts === undefined) return [...stages];
  if (attempts > 1 && !stages.some(isAttemptable))
    throw fail("invalid_workflow", {
      name,
      problems:
        "it has no stage that can be attempted several times: one that writes sources and has the gate green",
    });
  return stages.map((stage) => (isAttemptable(stage) ? { ...stage, attempts } : stage));
};
