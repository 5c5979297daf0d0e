import type { Localizer } from "../../schemas/localizer.ts";
import { changeOutcome } from "../../schemas/change-outcome.ts";
import { EQUIVALENT_MUTANT, isProven, type Finding, type Severity } from "../../schemas/findings.ts";
import { isRunActive, isRunResumable } from "../../schemas/statuses.ts";
import { markTexts } from "../review/mark-text.ts";
import type { ItemFlag } from "../contributions.ts";
import { activityText } from "./executions.ts";
import {
  code,
  formatCost,
  formatDuration,
  formatElapsed,
  icons,
  plain,
  type Icon,
  type Item,
} from "./item.ts";
import { type Activity, currentStage, type StageView } from "../../schemas/run-view.ts";
import { hasPendingChanges, type RunRecord } from "./model.ts";

export const moreItem = (l10n: Localizer): Item => ({
  label: l10n.t("Load more…"),
  description: "",
  icon: { id: "chevron-down" },
  accessibleLabel: l10n.t("Load more runs"),
  flags: [],
  state: "leaf",
  command: "coditect.loadMoreRuns",
});

/** Replaces *Load more* when there is nothing more to load. */
export const endItem = (l10n: Localizer): Item => ({
  label: l10n.t("All runs are shown"),
  description: "",
  icon: { id: "check" },
  accessibleLabel: l10n.t("All runs are shown"),
  flags: [],
  state: "leaf",
});

const runIcons: Record<RunRecord["status"], Icon> = {
  Queued: icons.queued,
  Running: icons.working,
  WaitingForApproval: icons.question,
  Succeeded: icons.passed,
  GateFailed: icons.failed,
  Failed: icons.failed,
  LimitReached: icons.warning,
  Cancelled: icons.cancelled,
  Interrupted: icons.interrupted,
};

/** The status of a run as text. */
export const runStatusText = (status: RunRecord["status"], l10n: Localizer): string => {
  const texts: Record<RunRecord["status"], string> = {
    Queued: l10n.t("queued"),
    Running: l10n.t("running"),
    WaitingForApproval: l10n.t("waiting for your approval"),
    Succeeded: l10n.t("every gate held"),
    GateFailed: l10n.t("a gate failed"),
    Failed: l10n.t("failed"),
    LimitReached: l10n.t("a limit was reached"),
    Cancelled: l10n.t("cancelled"),
    Interrupted: l10n.t("interrupted"),
  };
  return texts[status];
};

const LONGEST_TITLE = 60;
/** In a sidebar of default width, this leaves room for the state and the time. */
const LONGEST_ROW_TITLE = 24;

const cutTo = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1).replace(/[\s.,:;]+$/, "")}…` : text;

/** The title of a run: the first line of its task, otherwise its file, otherwise its team. */
export const runTitle = ({ description, file, workflow }: RunRecord): string => {
  const [line = ""] = description.trim().split("\n", 1);
  const title = [line, file ?? "", workflow].find((text) => text !== "") ?? "";
  return cutTo(title, LONGEST_TITLE);
};

/** When a run started: the time for today, the day for earlier runs. */
const startText = (created_at: string, now: string): string => {
  const [start, today] = [new Date(created_at), new Date(now)];
  return start.toDateString() === today.toDateString()
    ? start.toLocaleTimeString([], { timeStyle: "short" })
    : start.toLocaleDateString([], { dateStyle: "short" });
};

/**
 * `folder`: the name of the folder if there are several, otherwise empty. `isEarlier`: a newer run has
 * started, so this one is collapsed once. `now`: today's runs show their time, older ones their day.
 */
export const runItem = (
  run: RunRecord,
  { folder, isEarlier, now }: { folder: string; isEarlier: boolean; now: string },
  l10n: Localizer,
): Item => {
  const stage = currentStage(run);
  const status = runStatusText(run.status, l10n);
  const at = run.status === "Running" && stage !== null ? stage.state.name : "";
  const time = startText(run.created_at, now);
  const flags: [ItemFlag, boolean][] = [
    ["run-running", isRunActive(run.status)],
    ["approval", run.status === "WaitingForApproval"],
    ["resumable", isRunResumable(run.status)],
    ["changes", hasPendingChanges(run)],
  ];
  return {
    label: cutTo(runTitle(run), LONGEST_ROW_TITLE),
    description: [folder, time, run.workflow, at === "" ? status : at]
      .filter((part) => part !== "")
      .join(" · "),
    icon: runIcons[run.status],
    accessibleLabel: l10n.t(
      "Run {0}: {1}, {2}",
      run.workflow,
      runTitle(run),
      [status, at, folder, time].filter((part) => part !== "").join(", "),
    ),
    flags: flags.filter(([, holds]) => holds).map(([flag]) => flag),
    state: isRunActive(run.status) ? "expanded" : "collapsed",
    generation: isEarlier && !isRunActive(run.status) ? "earlier" : "",
  };
};

const stageIcons: Record<StageView["state"]["status"], Icon> = {
  Pending: icons.waiting,
  WaitingForApproval: icons.question,
  Running: icons.working,
  Completed: icons.passed,
  Skipped: icons.skipped,
  Failed: icons.failed,
  Cancelled: icons.cancelled,
};

/** `now`: the clock of a running stage. */
export const stageItem = (
  run: RunRecord,
  { state, execution_ids }: StageView,
  now: string,
  l10n: Localizer,
): Item => {
  const activity = activityOf(run, execution_ids);
  const elapsed =
    state.status === "Running"
      ? formatElapsed(state.started_at, now)
      : formatDuration(state.started_at, state.completed_at);
  const parts = [
    state.status === "Skipped" ? l10n.t("skipped") : "",
    state.round > 1 ? l10n.t("round {0}", state.round) : "",
    gatesText(state.gates, l10n),
    elapsed,
    state.status === "Running" && activity !== null ? activityText(activity, l10n) : "",
  ].filter((part) => part !== "");
  return {
    label: state.name,
    description: parts.join(" · "),
    icon: stageIcons[state.status],
    accessibleLabel: l10n.t("Stage {0}, {1}", state.name, [state.status, ...parts].join(", ")),
    flags: [
      ...(!isRunActive(run.status) && state.status !== "Pending" ? ["retryable" as const] : []),
      ...(state.attempts?.some(({ rank }) => rank !== null) === true ? ["attempted" as const] : []),
    ],
    state: execution_ids.length === 0 ? "leaf" : state.status === "Running" ? "expanded" : "collapsed",
  };
};

/** The current activity of the last execution of a stage. */
const activityOf = (run: RunRecord, executionIds: readonly string[]): Activity | null =>
  run.executions.get(executionIds.at(-1) ?? "")?.activity ?? null;

/** The number of a stage's gates that held. Empty before the first was tried. */
const gatesText = (gates: StageView["state"]["gates"], l10n: Localizer): string => {
  const held = gates.filter((gate) => gate.held).length;
  if (gates.length === 1) return held === 1 ? l10n.t("gate held") : l10n.t("gate did not hold");
  return gates.length === 0 ? "" : l10n.t("{0} of {1} gates held", held, gates.length);
};

export const changesItem = (run: RunRecord, l10n: Localizer): Item => {
  const added = run.changes.reduce((sum, file) => sum + file.lines_added, 0);
  const removed = run.changes.reduce((sum, file) => sum + file.lines_removed, 0);
  const count = run.changes.length === 1 ? l10n.t("1 file") : l10n.t("{0} files", run.changes.length);
  const description = `${count}, +${added} −${removed}`;
  return {
    label: l10n.t("Changes"),
    description,
    icon: { id: "diff-multiple" },
    accessibleLabel: l10n.t("Changes: {0}", description),
    flags: hasPendingChanges(run) ? ["changes", "changeset"] : [],
    state: "expanded",
    command: "coditect.reviewChanges",
  };
};

export const fileItem = (run: RunRecord, path: string, l10n: Localizer): Item | null => {
  const file = run.changes.find((change) => change.path === path);
  if (file === undefined) return null;
  const outcome = changeOutcome(file, run.present.get(path) ?? null);
  const outcomes: Record<typeof outcome, string> = {
    open: "",
    applied: l10n.t("applied"),
    "applied in part": l10n.t("applied in part"),
    undone: l10n.t("undone"),
    "changed since": l10n.t("changed since"),
    discarded: l10n.t("discarded"),
  };
  const isOpen = (file.decision === "Pending" && outcome !== "applied") || outcome === "undone";
  const kinds: Record<typeof file.kind, string> = {
    Created: l10n.t("new"),
    Modified: "",
    Deleted: l10n.t("deleted"),
    Renamed: l10n.t("renamed from {0}", file.old_path ?? ""),
  };
  const parts = [
    kinds[file.kind],
    file.binary ? l10n.t("binary") : `+${file.lines_added} −${file.lines_removed}`,
    outcomes[outcome],
    ...markTexts(file.marks ?? [], l10n),
  ].filter((part) => part !== "");
  return {
    label: path,
    description: parts.join(" · "),
    icon: file.marks === undefined ? { id: "file" } : { id: "shield" },
    accessibleLabel: l10n.t("Changed file {0}, {1}", path, parts.join(", ")),
    flags: isOpen && !isRunActive(run.status) ? ["file-pending"] : [],
    state: "leaf",
    command: "coditect.openChange",
    file: path,
  };
};

export const findingsItem = (run: RunRecord, l10n: Localizer): Item => {
  const open = [...run.findings.values()].filter(({ status }) => status === "Open").length;
  const description = l10n.t("{0} open of {1}", open, run.findings.size);
  return {
    label: l10n.t("Findings"),
    description,
    icon: { id: "lightbulb" },
    accessibleLabel: l10n.t("Findings: {0}", description),
    flags: [],
    state: "collapsed",
  };
};

const severityIcons: Record<Severity, Icon> = {
  Critical: icons.failed,
  High: icons.failed,
  Medium: icons.warning,
  Low: { id: "info" },
  Info: { id: "info" },
};

const findingFlags = ({ status, category }: Finding): ItemFlag[] => {
  if (status !== "Open") return ["finding"];
  return category === EQUIVALENT_MUTANT
    ? ["finding", "finding-open", "finding-argued"]
    : ["finding", "finding-open"];
};

export const findingItem = (finding: Finding, l10n: Localizer): Item => {
  const statuses: Record<Finding["status"], string> = {
    Open: "",
    Dismissed: l10n.t("dismissed"),
    Fixed: l10n.t("fixed"),
    Outdated: l10n.t("outdated"),
    Confirmed: l10n.t("confirmed by {0}", finding.confirmed_by ?? ""),
  };
  const place = `${finding.path}:${finding.start_line}`;
  const proof = isProven(finding) ? l10n.t("proven") : l10n.t("unproven");
  const description = [place, proof, statuses[finding.status]].filter((part) => part !== "").join(" · ");
  return {
    label: finding.title,
    description,
    icon: finding.status === "Open" ? severityIcons[finding.severity] : icons.cancelled,
    accessibleLabel: l10n.t("{0} finding: {1}, {2}", finding.severity, finding.title, description),
    flags: findingFlags(finding),
    state: "leaf",
    command: "coditect.openFinding",
  };
};

export const runTooltip = (run: RunRecord, l10n: Localizer): string => {
  const title = runTitle(run);
  const started = new Date(run.created_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const lines = [
    `**${plain(title)}**`,
    run.description.trim() === title ? "" : plain(run.description),
    [
      runStatusText(run.status, l10n),
      l10n.t("started {0}", started),
      formatDuration(run.created_at, run.completed_at),
      run.workflow,
      run.model,
    ]
      .filter((part) => part !== "")
      .map(plain)
      .join(" · "),
    run.usage === null
      ? ""
      : l10n.t(
          "{0} tokens in, {1} out · {2} model calls · {3}",
          run.usage.input_tokens + run.usage.cache_read_tokens + run.usage.cache_write_tokens,
          run.usage.output_tokens,
          run.usage.api_calls,
          run.usage.cost === null ? l10n.t("price unknown") : formatCost(run.usage.cost),
        ),
    run.error === null ? "" : `$(error) ${plain(run.error.message)} ${plain(run.error.next_step ?? "")}`,
    run.approval === null ? "" : `$(question) ${plain(run.approval.question)}`,
  ];
  return lines.filter((line) => line !== "").join("\n\n");
};

export const findingTooltip = (finding: Finding, l10n: Localizer): string => {
  const confidence = l10n.t("confidence {0}", `${Math.round(finding.confidence * 100)} %`);
  return [
    `**${plain(finding.title)}**`,
    `${finding.severity} · ${code(finding.category)} · ${confidence}`,
    finding.proof == null ? l10n.t("No test proves this finding.") : plain(finding.proof.reason),
    finding.explanation,
  ].join("\n\n");
};
