import type { MethodResult } from "../../../schemas/contract.ts";
import type { GateProof } from "../../../schemas/gates.ts";

type Details = MethodResult<"runs/get">;
type Changes = MethodResult<"changes/get">;

/** The longest diff that goes into a report, in characters. `get_changes` returns all of it. */
const DIFF_CHARACTERS = 20_000;

const lineOf = ({ gate, held, reason }: GateProof): string =>
  `    ${held ? "passed" : "FAILED"}  ${gate}: ${reason}`;

/** A run as text for an agent: status, the proof of each gate, the changed files, the next step. */
export const reportOf = ({ task, run }: Details, changes: Changes | null): string =>
  [
    `Team ${task.workflow}, task ${run.task_id}: ${run.status}`,
    ...(run.error === null ? [] : [`Error: ${run.error.message}`]),
    ...run.stages.flatMap((stage) => [
      `  ${stage.name}: ${stage.status}, round ${stage.round}`,
      ...stage.gates.map(lineOf),
    ]),
    ...(changes === null || changes.change_set.files.length === 0 ? [] : describeChanges(changes)),
  ].join("\n");

const describeChanges = ({ change_set, diff }: Changes): string[] => [
  `Changed files: ${change_set.files.map(({ path }) => path).join(", ")}`,
  diff.length <= DIFF_CHARACTERS
    ? diff
    : `${diff.slice(0, DIFF_CHARACTERS)}\n[cut: ${diff.length - DIFF_CHARACTERS} more characters. Call get_changes.]`,
  change_set.status === "Pending"
    ? "The workspace is unchanged. Call apply_changes with this task_id to write the files."
    : `The change set is ${change_set.status}.`,
];
