import { announcingSuite } from "./announced-suite.ts";
import { askingForFiles } from "./asking-for-files.ts";
import { closedFilesInWords, closedTestFiles } from "../../executions/closed-files.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { runExecution } from "../../executions/run-execution.ts";
import { isFinished } from "../../models/execution.ts";
import { mayAsk } from "../definition/tools.ts";
import { feedbackOf } from "../gates/gates.ts";
import type { StageOutcome } from "../plan.ts";
import { chargeOf } from "./charge.ts";
import { conclude } from "./conclude-stage.ts";
import { visibleTo } from "./held-back.ts";
import { layoutOf, measureBaseline, testGates } from "./stage-gates.ts";
import { beforeStage } from "./stage-hooks.ts";
import type { StageWork, TeamParts } from "./stage-parts.ts";
import { viewWorkspace, type WorkspaceView } from "./workspace-view.ts";

/** What a finished execution means for its stage. */
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
  // This goes back like work that a gate refused, if the stage names a receiver.
  if (error?.code === "hook_refused")
    return { type: "refused", gates, change_set_id, feedback: error.message, error };
  const limited = error?.code === "limit_reached" || status === "TimedOut";
  return { type: "failed", status: limited ? "LimitReached" : "Failed", error };
};

/** The maximum number of listed failures. A longer list does not help. */
const MOST_KNOWN_FAILURES = 2000;

/** Names of the tests that fail in a report. The agents' test runs use the same names. */
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
            if (!needsBaseline) return;
            const asking = askingForFiles(announcingSuite(ground, parts, work), (report) =>
              closedTestFiles(parts.workspace, report, parts.permissions.opened(execution.task_id)),
            );
            await measureBaseline(parts, work.baseline, asking);
            if (ground.openFile === undefined) tellOfClosedFiles(parts, work);
          }
        : null,
    knownFailures: () => failedTests(work.baseline.read()),
    signal: work.signal,
    conclude: (finished) => conclude(parts, work, finished),
  });
};

/** Tells of files that tests may need where nobody can be asked. */
const tellOfClosedFiles = (
  { workspace, permissions, emit, now }: Pick<TeamParts, "workspace" | "permissions" | "emit" | "now">,
  { execution: { task_id }, baseline }: Pick<StageWork, "execution" | "baseline">,
): void => {
  const report = baseline.read();
  const paths = report === null ? [] : closedTestFiles(workspace, report, permissions.opened(task_id));
  if (paths.length === 0) return;
  const message = closedFilesInWords("Tests fail before the run", paths);
  emit({ type: "notice", at: now(), task_id, code: "tests_lack_files", message });
};
