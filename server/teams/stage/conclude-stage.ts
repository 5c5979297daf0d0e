import type { FileChange } from "../../../schemas/changes.ts";
import { fail, type CoditectError } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import type { LoopResult } from "../../../schemas/worker.ts";
import type { Conclusion, FinishedLoop } from "../../executions/execution-request.ts";
import { putChangeSet } from "../../metrics/acceptance.ts";
import { isHeldBack } from "../../workspace/classify.ts";
import { proveGates } from "../gates/gates.ts";
import { keepArguments } from "./argued-mutants.ts";
import { judgeAttempt } from "./attempt-strength.ts";
import { worksBlind } from "./held-back.ts";
import { reportInvisible } from "./invisible-text.ts";
import { makeOutput } from "./output.ts";
import { ownFiles } from "./own-files.ts";
import { proveFindings } from "./prove-findings.ts";
import { findingsOf, gateContext, gatesOf, layoutOf } from "./stage-gates.ts";
import { afterStage } from "./stage-hooks.ts";
import type { StageWork, TeamParts } from "./stage-parts.ts";
import { measureTestTimes } from "./test-times.ts";

/** Whether an execution reviews, which means that it can report findings about the work of others. */
export const isReviewing = (execution: AgentExecution): boolean =>
  execution.input.tools.some((tool) => tool.name === "report_findings");

/** Why completed work is refused. The gates decide first, then the way in which the agent ended. */
const refusal = (work: StageWork, loop: LoopResult, gates: readonly GateProof[]): CoditectError | null => {
  const { stage, agent } = work;
  const failed = gates.find((gate) => !gate.held);
  const reasons: Record<Exclude<LoopResult["outcome"], "finished">, string> = {
    turn_limit: `it used all ${stage.max_turns} turns`,
    repeated: "it made the same call again and again, with the same result",
    no_tool_calls: "it only talked and used no tool",
    refused: "its model refused to answer. Word the task in another way, or use another model",
    answers_cut:
      "its answers reached their limit of tokens before they called a tool. " +
      "Increase max_tokens in the agent's settings, or use a model that uses fewer reasoning tokens",
  };
  // Passing tests prove the work, even if the agent did not finish. An unfinished review proves nothing.
  const measured = stage.gates.some((gate) => gate === "red" || gate === "green");
  if (loop.outcome !== "finished" && (failed !== undefined || !measured)) {
    return fail("agent_gave_up", { agent: agent.name, reason: reasons[loop.outcome] });
  }
  return failed === undefined
    ? null
    : fail("gate_failed", { gate: failed.gate, stage: stage.name, reason: failed.reason });
};

/** The changes of a stage, including the tests that it did not see. */
const withHeldBack = async (
  { changes }: Pick<TeamParts, "changes">,
  { startsWith }: Pick<StageWork, "startsWith">,
  left: readonly FileChange[],
): Promise<FileChange[]> => {
  const given = startsWith === null ? [] : await changes.fileChanges(startsWith);
  const hidden = given.filter(({ path }) => isHeldBack(path));
  const paths = new Set(hidden.map(({ path }) => path));
  return [...left.filter(({ path }) => !paths.has(path)), ...hidden];
};

/** Proves the gates of a finished loop and creates its output. */
export const conclude = async (
  parts: TeamParts,
  work: StageWork,
  { loop, changes: left, ground, execution, entries }: FinishedLoop,
): Promise<Conclusion> => {
  const { store, emit, now } = parts;
  const { task_id, execution_id } = execution;
  const reads = work.stage.write_access === "none";
  const changes = worksBlind(work.run, work.stage) ? await withHeldBack(parts, work, left) : left;
  const changeSet = reads
    ? work.startsWith
    : await parts.changes.build({ task_id, execution_id }, changes, work.run.options.overlays);
  if (changeSet !== null && !reads) {
    await store.commit((transaction) => {
      putChangeSet(transaction, changeSet);
    });
    await reportInvisible(parts, execution, changeSet, changes);
  }
  await keepArguments(parts, execution, loop.summary);
  const context = gateContext(parts, work, changes, changeSet, {
    ground,
    layout: await layoutOf(parts, work),
  });
  if (isReviewing(execution)) await proveFindings(context, context.findings, parts);
  const wanted = gatesOf(work.stage, parts.settings);
  const gates = await proveGates(wanted, context, (proof) => {
    emit({ type: "gate.proved", at: now(), task_id, execution_id, stage: work.stage.name, proof });
  });
  const attempt = await judgeAttempt(context, work.attempt, gates);
  const { startsWith } = work;
  const output = makeOutput({
    execution,
    loop,
    entries,
    gates: wanted,
    proofs: gates,
    files:
      reads || changeSet === null
        ? []
        : await ownFiles({ startsWith, changeSet, changes, objects: store.objects }),
    findings: isReviewing(execution) ? findingsOf(store, execution) : null,
    subjects: (startsWith?.files ?? []).map((file) => file.path),
    testTimes: reads ? null : await measureTestTimes(gates, context),
  });
  const refused = refusal(work, loop, gates) ?? (await afterStage(parts, work, { loop, gates, changeSet }));
  const error = refused === null ? "Completed" : refused.message;
  await store.transcripts.append(execution_id, [
    ...gates.map((proof) => ({ type: "gate" as const, at: now(), proof })),
    { type: "quality", at: now(), metrics: output.quality_metrics },
    { type: "end", at: now(), status: refused === null ? "Completed" : "Failed", message: error },
  ]);
  return { gates, output, change_set_id: changeSet?.change_set_id ?? null, refused, attempt };
};
