import { basename } from "node:path";
import type { ChangeSet, FileChange } from "../../../schemas/changes.ts";
import { fail } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Finding } from "../../../schemas/findings.ts";
import { strictGates, type GateName } from "../../../schemas/gates.ts";
import type { Settings } from "../../../schemas/settings.ts";
import type { WorkflowStage } from "../../../schemas/team.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { ProvingGround } from "../../executions/execution-request.ts";
import type { Store } from "../../store/store.ts";
import { affectedTests } from "../../context/affected-tests.ts";
import { testedSources } from "../../context/tested-sources.ts";
import { isHeldBack } from "../../workspace/classify.ts";
import { testLayoutIn } from "../../workspace/test-layout.ts";
import type { FileHashes, GateContext } from "../gates/gate.ts";
import { presentIn, suiteWithinTime } from "../gates/long-suite.ts";
import { newTestFiles } from "../gates/test-run.ts";
import { announcingSuite } from "./announced-suite.ts";
import { askingForFiles } from "./asking-for-files.ts";
import { confirmedEquivalents } from "./argued-mutants.ts";
import { forgivingOldBuilds } from "./old-failed-builds.ts";
import { isHeldBackTest, visibleSet, visibleTests, visibleTo } from "./held-back.ts";
import { changeSetOf } from "./stage-changes.ts";
import type { StageWork, TeamParts } from "./stage-parts.ts";
import { viewWorkspace } from "./workspace-view.ts";

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

/** Gates that compare the suite with its state before the run. */
export const testGates: ReadonlySet<GateName> = new Set([
  "red",
  "green",
  "clean",
  "mutants",
  "needed",
  "stable",
  "held-back",
]);

/**
 * The results of the whole suite on the user's workspace, measured once per run. Errors: `tests_cannot_run`
 * if the environment is broken. In that case, the runtime cannot judge any work, and no agent is to blame.
 */
export const measureBaseline = (
  { workspace }: Pick<TeamParts, "workspace">,
  baseline: StageWork["baseline"],
  ground: ProvingGround,
): Promise<TestReport> =>
  baseline.once(async () => {
    await ground.prepare([]);
    const report = await ground.runTests({ files: null, coverage: false });
    if (report.environment !== undefined) {
      const { problem, mend } = report.environment;
      throw fail("tests_cannot_run", { workspace: basename(workspace), problem, mend });
    }
    return report;
  });

export const layoutOf = (
  { workspace }: Pick<TeamParts, "workspace">,
  { signal }: Pick<StageWork, "signal">,
) => testLayoutIn(workspace, signal);

/** The input of the gates of a stage. */
export const gateContext = (
  parts: TeamParts,
  work: StageWork,
  whole: readonly FileChange[],
  changeSet: ChangeSet | null,
  { ground: instance, layout }: Pick<GateContext, "ground" | "layout">,
): GateContext => {
  const ground = forgivingOldBuilds(askingForFiles(announcingSuite(instance, parts, work)));
  const { run, stage, execution, baseline } = work;
  const changes = visibleTo(run, stage, whole);
  const redStage = run.workflow_stages.find(
    (stage) => stage.gates.includes("red") && stage.name !== work.stage.name,
  );
  const redState = run.stages.find((stage) => stage.name === redStage?.name);
  const view = viewWorkspace(parts.workspace, run.options.overlays, changes);
  const provenTests = redState?.gates.find(({ gate, held }) => gate === "red" && held)?.tests ?? null;
  const affected = (): Promise<string[]> => affectedBy(parts, work, changes);
  const after = hashesOf(visibleSet(run, stage, changeSet));
  const ofTests = newTestFiles({ after, layout });
  const readBase = (path: string): Promise<string | null> =>
    viewWorkspace(parts.workspace, run.options.overlays, []).readText(path);
  const suite = suiteWithinTime(ground, {
    whole: () => measureBaseline(parts, baseline, ground),
    affected: async () => [...new Set([...ofTests, ...(await affected())])].sort(),
    edited: () => presentIn(readBase, ofTests),
  });
  return {
    ...suite,
    layout,
    changes,
    after,
    before: hashesOf(visibleSet(run, stage, work.startsWith)),
    provenTests: provenTests === null ? null : visibleTests(run, stage, provenTests),
    heldBack: {
      changes: whole.filter(({ path }) => isHeldBack(path)),
      proven: (provenTests?.proven ?? []).filter(isHeldBackTest),
    },
    wholeChange: null,
    equivalents: confirmedEquivalents(parts.store),
    mutantsThreshold: parts.settings.mutants_threshold,
    budgetMs: parts.settings.gate_budget_seconds * 1000,
    provenRed:
      redState === undefined
        ? null
        : hashesOf(visibleSet(run, stage, changeSetOf(parts.store, redState.change_set_id))),
    affectedTests: affected,
    testedSources: (tests) =>
      testedSources(parts.workspace, tests, {
        read: (path) => view.readText(path),
        overlays: run.options.overlays,
        signal: work.signal,
      }),
    findings: findingsOf(parts.store, execution),
    allowTestChanges: run.options.allow_test_changes,
    mayRemoveTests: true,
    readText: (path) => view.readText(path),
    readBase,
    exists: (path) => view.exists(path),
    now: () => parts.now(),
    signal: work.signal,
  };
};

/** The tests of files that import the changed files. */
const affectedBy = (
  { workspace }: Pick<TeamParts, "workspace">,
  { run, signal }: Pick<StageWork, "run" | "signal">,
  changes: readonly FileChange[],
): Promise<string[]> =>
  affectedTests(
    workspace,
    changes.map(({ path }) => path),
    run.options.overlays,
    signal,
  );

/** The open findings of an execution. */
export const findingsOf = (store: Store, execution: AgentExecution): Finding[] =>
  store
    .all("findings", { task_id: execution.task_id })
    .filter((finding) => finding.execution_id === execution.execution_id && finding.status === "Open");

/**
 * The gates of a stage. If the user wants strict proofs, stages that prove `green` also prove the strict
 * gates.
 */
export const gatesOf = (
  { gates, write_access }: WorkflowStage,
  { strict }: Pick<Settings, "strict">,
): GateName[] => {
  const isCode = gates.includes("green") && (write_access === "sources" || write_access === "all");
  return strict && isCode ? [...new Set([...gates, ...strictGates])] : gates;
};
