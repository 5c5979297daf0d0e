import type { Localizer } from "../../schemas/localizer.ts";
import { isProven, type Finding, type Severity } from "../../schemas/findings.ts";
import type { ExecutionView } from "../../schemas/run-view.ts";
import { attemptText } from "./attempts.ts";
import { executionItem, executionTooltip, gateItem, gateTooltip } from "./executions.ts";
import { plain, type Item, type Tree } from "./item.ts";
import { qualityItem, qualityTooltip } from "./quality.ts";
import { isEarlier, newestFirst, type Model, type RunRecord } from "./model.ts";
import { nodeId, parseNode } from "./nodes.ts";
import {
  changesItem,
  fileItem,
  findingItem,
  endItem,
  findingsItem,
  findingTooltip,
  moreItem,
  runItem,
  runTooltip,
  stageItem,
} from "./run-items.ts";

/** The tree *Runs*: run → stages, changes, findings → executions, files → gates. */
export const runsTree = (model: Model, l10n: Localizer): Tree => ({
  children: (node) => (node === null ? runNodes(model) : childrenOf(model, node)),
  parent: (node) => parentOf(model, node),
  item: (node) => itemOf(model, node, l10n),
  tooltip: (node) => tooltipOf(model, node, l10n),
});

const matches = (run: RunRecord, filter: string): boolean =>
  filter === "" ||
  [run.workflow, run.description, run.file ?? "", run.status, run.model, ...run.stages.keys()]
    .join(" ")
    .toLowerCase()
    .includes(filter);

const hasMore = ({ cursors }: Model): boolean => [...cursors.values()].some((cursor) => cursor !== null);

const runNodes = (model: Model): string[] => {
  const runs = [...model.runs.values()].filter((run) => matches(run, model.filter)).sort(newestFirst);
  const hasEnd = model.isPaged || hasMore(model);
  return [...runs.map((run) => nodeId.run(run.task_id)), ...(hasEnd ? [nodeId.more()] : [])];
};

const severityOrder: readonly Severity[] = ["Critical", "High", "Medium", "Low", "Info"];

const findingsOf = (run: RunRecord): Finding[] =>
  [...run.findings.values()].sort(
    (a, b) =>
      Number(isProven(b)) - Number(isProven(a)) ||
      severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity) ||
      a.path.localeCompare(b.path) ||
      a.start_line - b.start_line,
  );

const childrenOf = (model: Model, id: string): string[] => {
  const node = parseNode(id);
  if (node?.kind === "execution") {
    const { execution_id } = node;
    const execution = model.executions.get(execution_id);
    return [
      ...(execution?.gates ?? []).map(({ gate }) => nodeId.gate(execution_id, gate)),
      ...(execution?.summary.quality === undefined ? [] : [nodeId.quality(execution_id)]),
    ];
  }
  const run = node !== null && "task_id" in node ? model.runs.get(node.task_id) : undefined;
  if (node === null || run === undefined) return [];
  switch (node.kind) {
    case "run":
      return [
        // Items that wait for the user come first, because the stages below can be many lines.
        ...(run.changes.length > 0 ? [nodeId.changes(run.task_id)] : []),
        ...(run.findings.size > 0 ? [nodeId.findings(run.task_id)] : []),
        ...[...run.stages.keys()].map((stage) => nodeId.stage(run.task_id, stage)),
      ];
    case "stage":
      return (run.stages.get(node.stage)?.execution_ids ?? []).map(nodeId.execution);
    case "changes":
      return run.changes.map(({ path }) => nodeId.file(run.task_id, path));
    case "findings":
      return findingsOf(run).map(({ finding_id }) => nodeId.finding(run.task_id, finding_id));
    default:
      return [];
  }
};

const parentOf = (model: Model, id: string): string | null => {
  const node = parseNode(id);
  switch (node?.kind) {
    case "stage":
    case "changes":
    case "findings":
      return nodeId.run(node.task_id);
    case "file":
      return nodeId.changes(node.task_id);
    case "finding":
      return nodeId.findings(node.task_id);
    case "gate":
    case "quality":
      return nodeId.execution(node.execution_id);
    case "execution": {
      const summary = model.executions.get(node.execution_id)?.summary;
      return summary === undefined ? null : nodeId.stage(summary.task_id, summary.stage);
    }
    default:
      return null;
  }
};

/** The rank of an execution among several attempts, as text. Empty: it is the only one, or not ranked. */
const rankingOf = (model: Model, { summary }: ExecutionView, l10n: Localizer): string => {
  const { task_id, stage, execution_id } = summary;
  const attempts = model.runs.get(task_id)?.stages.get(stage)?.state.attempts ?? [];
  const attempt = attempts.find((each) => each.execution_id === execution_id);
  return attempt === undefined ? "" : attemptText(attempt, l10n);
};

/** The folder's name, if there are several. */
const folderName = (model: Model, run: RunRecord): string =>
  model.folderNames.size > 1 ? (model.folderNames.get(run.folder) ?? "") : "";

const itemOf = (model: Model, id: string, l10n: Localizer): Item | null => {
  const node = parseNode(id);
  if (node === null) return null;
  if (node.kind === "more") return hasMore(model) ? moreItem(l10n) : endItem(l10n);
  if (node.kind === "execution" || node.kind === "gate" || node.kind === "quality") {
    const execution = model.executions.get(node.execution_id);
    if (execution === undefined) return null;
    const { quality } = execution.summary;
    if (node.kind === "quality") return quality === undefined ? null : qualityItem(quality, l10n);
    if (node.kind === "execution")
      return executionItem(execution, l10n, "stage", rankingOf(model, execution, l10n));
    const proof = execution.gates.find(({ gate }) => gate === node.gate);
    return proof === undefined ? null : gateItem(proof, l10n);
  }
  const run = "task_id" in node ? model.runs.get(node.task_id) : undefined;
  if (run === undefined) return null;
  switch (node.kind) {
    case "run":
      return runItem(
        run,
        { folder: folderName(model, run), isEarlier: isEarlier(model, run), now: new Date().toISOString() },
        l10n,
      );
    case "stage": {
      const stage = run.stages.get(node.stage);
      return stage === undefined ? null : stageItem(run, stage, model.now, l10n);
    }
    case "changes":
      return changesItem(run, l10n);
    case "file":
      return fileItem(run, node.path, l10n);
    case "findings":
      return findingsItem(run, l10n);
    case "finding": {
      const finding = run.findings.get(node.finding_id);
      return finding === undefined ? null : findingItem(finding, l10n);
    }
    default:
      return null;
  }
};

const tooltipOf = (model: Model, id: string, l10n: Localizer): string => {
  const node = parseNode(id);
  if (node === null) return "";
  if (node.kind === "quality") return qualityTooltip(l10n);
  if (node.kind === "execution" || node.kind === "gate") {
    const execution = model.executions.get(node.execution_id);
    const proof = node.kind === "gate" ? execution?.gates.find(({ gate }) => gate === node.gate) : undefined;
    if (proof !== undefined) return gateTooltip(proof, l10n);
    return execution === undefined ? "" : executionTooltip(execution, l10n);
  }
  const run = "task_id" in node ? model.runs.get(node.task_id) : undefined;
  if (run === undefined) return "";
  switch (node.kind) {
    case "run":
      return runTooltip(run, l10n);
    case "stage":
      return plain(run.stages.get(node.stage)?.state.feedback ?? node.stage);
    case "finding": {
      const finding = run.findings.get(node.finding_id);
      if (finding === undefined) return "";
      return findingTooltip(finding, l10n);
    }
    case "file":
      return plain(node.path);
    default:
      return "";
  }
};
