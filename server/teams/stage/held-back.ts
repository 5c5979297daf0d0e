import type { ChangeSet, FileChange } from "../../../schemas/changes.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import type { TeamRun } from "../../../schemas/run.ts";
import type { WorkflowStage } from "../../../schemas/team.ts";
import { isHeldBack } from "../../workspace/classify.ts";

/**
 * Whether the stage works without the held-back tests, because it writes the code that they judge. They are left
 * out of its copy, its context and the measurements of its gates, and added to its change set again.
 */
export const worksBlind = (run: Pick<TeamRun, "workflow_stages">, stage: WorkflowStage): boolean =>
  (stage.write_access === "sources" || stage.write_access === "all") &&
  run.workflow_stages.some(({ gates }) => gates.includes("held-back"));

/** The changes that an agent of the stage finds in its copy. */
export const visibleTo = (
  run: Pick<TeamRun, "workflow_stages">,
  stage: WorkflowStage,
  changes: readonly FileChange[],
): readonly FileChange[] =>
  worksBlind(run, stage) ? changes.filter(({ path }) => !isHeldBack(path)) : changes;

/** The same for a stored change set. */
export const visibleSet = (
  run: Pick<TeamRun, "workflow_stages">,
  stage: WorkflowStage,
  changeSet: ChangeSet | null,
): ChangeSet | null =>
  changeSet !== null && worksBlind(run, stage)
    ? { ...changeSet, files: changeSet.files.filter(({ path }) => !isHeldBack(path)) }
    : changeSet;

/** Whether a test with this name is held back. Names begin with the file. */
export const isHeldBackTest = (id: string): boolean => isHeldBack(id.split(" > ", 1)[0] ?? id);

/** Names of tests, without those that an agent of the stage does not see. */
export const visibleTests = (
  run: Pick<TeamRun, "workflow_stages">,
  stage: WorkflowStage,
  tests: NonNullable<GateProof["tests"]>,
): NonNullable<GateProof["tests"]> => {
  if (!worksBlind(run, stage)) return tests;
  const { proven, found } = tests;
  return {
    proven: proven.filter((id) => !isHeldBackTest(id)),
    found: found.filter((id) => !isHeldBackTest(id)),
  };
};
