import { basename } from "node:path";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { ChangeSet, FileChange } from "../../../schemas/changes.ts";
import { fail, type CoditectError } from "../../../schemas/errors.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Finding } from "../../../schemas/findings.ts";
import { strictGates, type GateName, type GateProof } from "../../../schemas/gates.ts";
import type { Task, TeamRun } from "../../../schemas/run.ts";
import type { Settings } from "../../../schemas/settings.ts";
import type { WorkflowStage } from "../../../schemas/team.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { LoopResult } from "../../../schemas/worker.ts";
import type { Changes } from "../../changes/changes.ts";
import type { Ledger } from "../../executions/ledger.ts";
import type { Conclusion, FinishedLoop, ProvingGround } from "../../executions/execution-request.ts";
import type { Permissions } from "../../executions/permissions.ts";
import type { ServerQuestions } from "../../executions/server-questions.ts";
import { runExecution } from "../../executions/run-execution.ts";
import type { Feedback } from "../../feedback/feedback.ts";
import type { ModelGateway } from "../../gateway/gateway.ts";
import type { Hooks } from "../../hooks/hooks-api.ts";
import type { Log } from "../../platform/log.ts";
import type { Pool } from "../../instances/pool.ts";
import { isFinished } from "../../models/execution.ts";
import type { Store } from "../../store/store.ts";
import { isHeldBack } from "../../workspace/classify.ts";
import { testLayoutIn } from "../../workspace/test-layout.ts";
import type { Traces } from "../../executions/traces.ts";
import type { Tools } from "../../tools/tools-api.ts";
import { judgeAttempt } from "./attempt-strength.ts";
import { chargeOf } from "./charge.ts";
import { mayAsk } from "../definition/tools.ts";
import type { FileHashes, GateContext } from "../gates/gate.ts";
import { feedbackOf, proveGates } from "../gates/gates.ts";
import { afterStage, beforeStage } from "./stage-hooks.ts";
import { isHeldBackTest, visibleSet, visibleTests, visibleTo, worksBlind } from "./held-back.ts";
import { proveFindings } from "./prove-findings.ts";
import { reportInvisible } from "./invisible-text.ts";
import { makeOutput } from "./output.ts";
import { ownFiles } from "./own-files.ts";
import { measureTestTimes } from "./test-times.ts";
import type { StageOutcome } from "../plan.ts";
import { changeSetOf } from "./stage-changes.ts";
import { viewWorkspace, type WorkspaceView } from "./workspace-view.ts";

/** The parts of the runtime that stages are run with. */
export interface TeamParts {
  store: Store;
  pool: Pool;
  gateway: ModelGateway;
  tools: Tools;
  hooks: Hooks;
  permissions: Pick<Permissions, "ask">;
  questions: Pick<ServerQuestions, "ask">;
  ledger: Pick<Ledger, "recall" | "settle">;
  changes: Changes;
  feedback: Feedback;
  traces: Traces | null;
  settings: Settings;
  /** Absolute path of the workspace folder. */
  workspace: string;
  log: Log;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
}

/** What an agent is to do in a round of a stage. */
export interface StageAssignment {
  run: TeamRun;
  task: Task;
  stage: WorkflowStage;
  agent: AgentConfig;
  /** The state the stage begins with. */
  startsWith: ChangeSet | null;
  /** Its number among several attempts at the round; null: it is the only one. */
  attempt: number | null;
  signal: AbortSignal;
}

/** An assignment with the execution that carries it out. */
export interface StageWork extends StageAssignment {
  /** Stored; new, or left behind by a runtime that ended. */
  execution: AgentExecution;
  /** Keeps the report of the whole suite before the run, once for all stages. */
  baseline: {
    read(): TestReport | null;
    /** The report, measured unless it is known; stages that begin together measure it once. */
    once(measure: () => Promise<TestReport>): Promise<TestReport>;
  };
}

const hashesOf = (changeSet: ChangeSet | null): FileHashes =>
  new Map(
    (changeSet?.files ?? []).flatMap((file): [string, string | null][] =>
      file.kind === "Renamed" && file.old_path !== null
        ? [
            [file.old_path, null],
            [file.path, file.after],
          ]
        : [[file.path, file.after]],
    ),
  );

/** Whether an execution reviews: it reports findings on what others did. */
export const isReviewing = (execution: AgentExecution): boolean =>
  execution.input.tools.some((tool) => tool.name === "report_findings");

/** Why work that came to an end is refused all the same: evidence first, then the agent's own end. */
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
  // Tests that pass are proof enough, however the agent ended; a review that never ended is none.
  const measured = stage.gates.some((gate) => gate === "red" || gate === "green");
  if (loop.outcome !== "finished" && (failed !== undefined || !measured)) {
    return fail("agent_gave_up", { agent: agent.name, reason: reasons[loop.outcome] });
  }
  return failed === undefined
    ? null
    : fail("gate_failed", { gate: failed.gate, stage: stage.name, reason: failed.reason });
};

/** Gates that are measured against how the suite was before the run. */
const testGates: ReadonlySet<GateName> = new Set([
  "red",
  "green",
  "clean",
  "mutants",
  "needed",
  "stable",
  "held-back",
]);

/**
 * The whole suite on the user's workspace, measured once per run. Errors: `tests_cannot_run` when the
 * environment is broken: no work could be judged by it, and no agent is to blame.
 */
const measureBaseline = (
  { workspace }: Pick<TeamParts, "workspace">,
  baseline: StageWork["baseline"],
  ground: ProvingGround,
): Promise<TestReport> =>
  baseline.once(async () => {
    await ground.prepare([]);
    const report = await ground.runTests({ files: null, coverage: false });
    if (report.environment !== undefined)
      throw fail("tests_cannot_run", { workspace: basename(workspace), ...report.environment });
    return report;
  });

const layoutOf = ({ workspace }: Pick<TeamParts, "workspace">, { signal }: Pick<StageWork, "signal">) =>
  testLayoutIn(workspace, signal);

const gateContext = (
  parts: TeamParts,
  work: StageWork,
  whole: readonly FileChange[],
  changeSet: ChangeSet | null,
  { ground, layout }: Pick<GateContext, "ground" | "layout">,
): GateContext => {
  const { run, stage, execution, baseline } = work;
  const changes = visibleTo(run, stage, whole);
  const redStage = run.workflow_stages.find(
    (stage) => stage.gates.includes("red") && stage.name !== work.stage.name,
  );
  const redState = run.stages.find((stage) => stage.name === redStage?.name);
  const view = viewWorkspace(parts.workspace, run.options.overlays, changes);
  const provenTests = redState?.gates.find(({ gate, held }) => gate === "red" && held)?.tests ?? null;
  return {
    ground,
    layout,
    changes,
    after: hashesOf(visibleSet(run, stage, changeSet)),
    before: hashesOf(visibleSet(run, stage, work.startsWith)),
    provenTests: provenTests === null ? null : visibleTests(run, stage, provenTests),
    heldBack: {
      changes: whole.filter(({ path }) => isHeldBack(path)),
      proven: (provenTests?.proven ?? []).filter(isHeldBackTest),
    },
    wholeChange: null,
    mutantsThreshold: parts.settings.mutants_threshold,
    budgetMs: parts.settings.gate_budget_seconds * 1000,
    provenRed:
      redState === undefined
        ? null
        : hashesOf(visibleSet(run, stage, changeSetOf(parts.store, redState.change_set_id))),
    baseline: () => measureBaseline(parts, baseline, ground),
    findings: findingsOf(parts.store, execution),
    allowTestChanges: run.options.allow_test_changes,
    mayRemoveTests: true,
    readText: (path) => view.readText(path),
    readBase: (path) => viewWorkspace(parts.workspace, run.options.overlays, []).readText(path),
    exists: (path) => view.exists(path),
    now: () => parts.now(),
    signal: work.signal,
  };
};

/** More is no list that helps. */
const MOST_KNOWN_FAILURES = 2000;

const findingsOf = (store: Store, execution: AgentExecution): Finding[] =>
  store
    .all("findings", { task_id: execution.task_id })
    .filter((finding) => finding.execution_id === execution.execution_id && finding.status === "Open");

/** What a stage left, with the tests put back that it did not see. */
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

/** The gates of a stage; where the user wants strict proofs, code that tests prove is proven strictly. */
const gatesOf = (
  { gates, write_access }: WorkflowStage,
  { strict }: Pick<Settings, "strict">,
): GateName[] => {
  const isCode = gates.includes("green") && (write_access === "sources" || write_access === "all");
  return strict && isCode ? [...new Set([...gates, ...strictGates])] : gates;
};

/** Proves the gates of a finished loop and makes its output. */
const conclude = async (
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
      transaction.put("changeSets", changeSet);
    });
    await reportInvisible(parts, execution, changeSet, changes);
  }
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

/** What a finished execution means for its stage; the same whether it ended just now or long ago. */
export const outcomeOf = (execution: AgentExecution): StageOutcome => {
  const { error, metadata, status } = execution;
  const { gates, change_set_id } = metadata;
  if (status === "Completed") return { type: "completed", gates, change_set_id };
  if (status === "Cancelled") return { type: "cancelled" };
  if (error?.code === "gate_failed" || error?.code === "agent_gave_up") {
    const feedback =
      error.code === "agent_gave_up" ? `${error.message}\n${feedbackOf(gates)}` : feedbackOf(gates);
    return { type: "refused", gates, change_set_id, feedback: feedback.trim(), error };
  }
  // Goes back to work like what a gate refused, if the stage says where to.
  if (error?.code === "hook_refused")
    return { type: "refused", gates, change_set_id, feedback: error.message, error };
  const limited = error?.code === "limit_reached" || status === "TimedOut";
  return { type: "failed", status: limited ? "LimitReached" : "Failed", error };
};

/** Names of the tests that fail in a report, as the agents' test runs name them. */
const failedTests = (report: TestReport | null): string[] =>
  (report?.tests ?? [])
    .filter(({ status }) => status === "failed")
    .map(({ file, name }) => `${file} > ${name}`)
    .slice(0, MOST_KNOWN_FAILURES);

/** Runs one round of a stage to its end and returns the finished execution. */
export const workStage = async (parts: TeamParts, work: StageWork): Promise<AgentExecution> => {
  const { run, agent, execution, startsWith } = work;
  if (isFinished(execution)) return execution;
  const { settings, workspace, changes, store, pool, gateway, tools, hooks, ledger, traces } = parts;
  const { permissions, questions, emit, now } = parts;
  const given = startsWith === null ? [] : await changes.fileChanges(startsWith);
  const startChanges = visibleTo(run, work.stage, given);
  const view: WorkspaceView = viewWorkspace(workspace, run.options.overlays, startChanges);
  const isMeasured = run.workflow_stages.some((stage) => stage.gates.some((gate) => testGates.has(gate)));
  const needsBaseline = isMeasured && work.baseline.read() === null;
  return runExecution({
    parts: { store, pool, gateway, tools, hooks, permissions, questions, ledger, traces, emit, now },
    execution,
    charge: chargeOf(execution.execution_id, run, agent, settings),
    start: {
      overlays: run.options.overlays,
      changes: startChanges,
      readText: (path) => view.readText(path),
      layout: () => layoutOf(parts, work),
    },
    claim: {
      workspace,
      runtime: run.options.runtime ?? agent.settings.runtime ?? settings.runtime,
      image: run.options.image ?? settings.image,
      priority: run.options.priority,
    },
    asksUser: mayAsk(run.options, settings),
    test_timeout_seconds: settings.test_timeout_seconds,
    preflight:
      needsBaseline || hooks.has("SubagentStart")
        ? async (ground) => {
            await beforeStage(parts, work);
            if (needsBaseline) await measureBaseline(parts, work.baseline, ground);
          }
        : null,
    knownFailures: () => failedTests(work.baseline.read()),
    signal: work.signal,
    conclude: (finished) => conclude(parts, work, finished),
  });
};
