import type { ChangedFile, ChangeSet } from "../../../schemas/changes.ts";
import type { AgentExecution, ContextItem } from "../../../schemas/execution.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import type { TeamRun } from "../../../schemas/run.ts";
import type { WorkflowStage } from "../../../schemas/team.ts";
import type { Changes } from "../../changes/changes.ts";
import { estimateTokens } from "../../gateway/tokens.ts";
import type { Store } from "../../store/store.ts";
import { namesHeldBack } from "../../workspace/classify.ts";
import { definitionOf, stateOf } from "../plan.ts";
import { apiResponses } from "./api-responses.ts";
import { worksBlind } from "./held-back.ts";
import { assignmentOf, describeAssignment } from "./assignment.ts";

export interface EarlierWorkParts {
  run: TeamRun;
  stage: WorkflowStage;
  store: Store;
  changes: Changes;
  /** The state the stage begins with. */
  changeSet: ChangeSet | null;
  /** Files whose whole current text is given anyway. */
  shown: ReadonlySet<string>;
  /** The maximum tokens of the diffs, and also of the answers of services. */
  budgetTokens: number;
}

/** The maximum lines of evidence from one proof that the next stage gets. */
const MOST_EVIDENCE = 20;

/** What a stage gets from earlier stages: first the measurements, then the diffs. */
export const earlierWork = async (parts: EarlierWorkParts): Promise<ContextItem[]> => {
  const { run, stage, store, changeSet } = parts;
  const results: ContextItem[] = [];
  let left = parts.budgetTokens;
  for (const name of stage.inputs ?? stage.depends_on) {
    const executionId = stateOf(run, name).execution_ids.at(-1);
    const execution = executionId === undefined ? null : store.get("executions", executionId);
    if (execution === null) continue;
    const content = handedOn(definitionOf(run, name), execution, worksBlind(run, stage));
    if (content !== "")
      results.push({ context_type: "PreviousResult", name, content, mime_type: "text/plain" });
    const answers = await apiResponses(execution, store.transcripts, left);
    results.push(...answers.items);
    left -= answers.tokens;
  }
  if (changeSet === null || changeSet.files.length === 0) return results;
  const content = await diffsOf(changeSet, parts);
  return [
    ...results,
    { context_type: "PreviousResult", name: "changes so far", content, mime_type: "text/x-diff" },
  ];
};

/**
 * What the runtime measured of a stage. The agent's own words are only passed on if they are the work itself, such
 * as an analysis. The proofs describe a stage that changed code.
 */
const handedOn = (
  stage: WorkflowStage,
  { output, metadata }: AgentExecution,
  toTheBlind: boolean,
): string => {
  const proofs = metadata.gates
    .map((proof) =>
      toTheBlind ? { ...proof, evidence: proof.evidence.filter((line) => !namesHeldBack(line)) } : proof,
    )
    .map(describeProof);
  const isCode =
    stage.write_access === "tests" || stage.write_access === "sources" || stage.write_access === "all";
  const said = output === null || (isCode && proofs.length > 0) ? [] : [output.result];
  const assignment = output === null ? null : assignmentOf(output);
  return [...said, ...(assignment === null ? [] : [describeAssignment(assignment)]), ...proofs].join("\n");
};

const describeProof = ({ gate, held, reason, runner, counts, evidence }: GateProof): string => {
  const how =
    counts === null ? "" : ` (${runner ?? "tests"}: ${counts.passed} passed, ${counts.failed} failed)`;
  const lines = evidence.slice(0, MOST_EVIDENCE).map((line) => `  ${line.split("\n", 1)[0] ?? ""}`);
  const more = evidence.length - lines.length;
  const cut = more > 0 ? [`  … and ${more} more`] : [];
  return [`Measured, ${gate}: ${held ? "held" : "did not hold"}. ${reason}${how}`, ...lines, ...cut].join(
    "\n",
  );
};

/** Changed files as diffs. Files that are given in full anyway, or are too large, are only named. */
const diffsOf = async (
  changeSet: ChangeSet,
  { changes, shown, budgetTokens }: EarlierWorkParts,
): Promise<string> => {
  const texts: string[] = [];
  let left = budgetTokens;
  for (const file of changeSet.files) {
    if (file.kind === "Created" && shown.has(file.path)) {
      texts.push(`new file ${file.path}: its text is above`);
      continue;
    }
    const text = (await changes.diff({ ...changeSet, files: [file] })).trimEnd();
    const cost = estimateTokens(text);
    if (cost > left) texts.push(tooLong(file, cost));
    else {
      texts.push(text);
      left -= cost;
    }
  }
  return texts.join("\n");
};

const tooLong = ({ path, kind }: ChangedFile, tokens: number): string =>
  `${kind.toLowerCase()} ${path}: its diff of about ${tokens} tokens is left out; read the file`;
