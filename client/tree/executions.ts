import { wholeSecondsText } from "../../schemas/duration.ts";
import type { Localizer } from "../../schemas/localizer.ts";
import type { ExecutionStatus, Exposure } from "../../schemas/execution.ts";
import { isFinalExecution } from "../../schemas/statuses.ts";
import type { GateProof } from "../../schemas/gates.ts";
import { permissionQuestion } from "../../schemas/permissions.ts";
import { questionTitle } from "../../schemas/questions.ts";
import type { Activity, ExecutionView } from "../../schemas/run-view.ts";
import { code, formatCost, formatDuration, icons, plain, type Icon, type Item } from "./item.ts";
import { qualityParts } from "./quality.ts";

const executionIcons: Record<ExecutionStatus, Icon> = {
  Queued: icons.queued,
  Starting: icons.working,
  Running: icons.working,
  Completed: icons.passed,
  Failed: icons.failed,
  Cancelled: icons.cancelled,
  TimedOut: icons.failed,
};

export const activityText = (activity: Activity, l10n: Localizer): string => {
  switch (activity.kind) {
    case "tool":
      return `${activity.tool} ${activity.subject}`.trim();
    case "retry":
      return l10n.t("retrying {0}: {1}", activity.provider, activity.reason);
    case "permission":
      return permissionQuestion(activity.request, l10n);
    case "question":
      return questionTitle(activity.question, l10n);
    case "gates":
      return l10n.t("checking gates");
    case "suite":
      return activity.expected_ms === null
        ? l10n.t("running all tests")
        : l10n.t("running all tests, about {0}", wholeSecondsText(activity.expected_ms));
  }
};

const executionLabel = (
  { stage, agent_name, round, attempt }: ExecutionView["summary"],
  l10n: Localizer,
  below: "stage" | "instance",
): string => {
  const what = below === "instance" ? stage : agent_name;
  return attempt === undefined
    ? l10n.t("{0}, round {1}", what, round)
    : l10n.t("{0}, attempt {1}", what, attempt);
};

/**
 * The line of an execution, below its stage or below its instance. Both trees show it.
 *
 * @param ranking its rank among several attempts, as text
 */
export const executionItem = (
  { summary, gates, activity }: ExecutionView,
  l10n: Localizer,
  below: "stage" | "instance",
  ranking = "",
): Item => {
  const label = executionLabel(summary, l10n, below);
  const allHeld = gates.every(({ held }) => held);
  const parts = [
    activity === null ? "" : activityText(activity, l10n),
    ranking,
    isFinalExecution(summary.status) ? formatDuration(summary.started_at, summary.completed_at) : "",
    summary.error?.message ?? "",
  ].filter((part) => part !== "");
  return {
    label,
    description: [
      ...(activity === null && summary.status !== "Completed" ? [summary.status] : []),
      ...parts,
    ].join(" · "),
    icon: executionIcons[summary.status],
    accessibleLabel: l10n.t("Execution of {0}, {1}", label, [summary.status, ...parts].join(", ")),
    flags: [
      "execution",
      ...(isFinalExecution(summary.status) ? [] : ["execution-running" as const]),
      ...(ranking === "" ? [] : ["attempted" as const]),
    ],
    state:
      below === "instance" || (gates.length === 0 && summary.quality === undefined)
        ? "leaf"
        : allHeld
          ? "collapsed"
          : "expanded",
    command: "coditect.showTranscript",
  };
};

export const executionTooltip = ({ summary }: ExecutionView, l10n: Localizer): string => {
  const usage = summary.resource_usage;
  return [
    `**${plain(summary.agent_name)}** (${summary.agent_type}) · ${plain(summary.model)}`,
    l10n.t(
      "{0} tokens in, {1} from the cache, {2} out · {3} model calls · {4} tool calls",
      usage.input_tokens + usage.cache_write_tokens,
      usage.cache_read_tokens,
      usage.output_tokens,
      usage.api_calls,
      usage.tool_calls,
    ),
    [
      formatCost(usage.cost),
      l10n.t("{0} s CPU time", usage.cpu_seconds.toFixed(1)),
      l10n.t("peak {0} MB", usage.peak_memory_mb),
    ]
      .filter((part) => part !== "")
      .join(" · "),
    exposureText(summary.exposure, l10n),
    summary.quality === undefined ? "" : qualityParts(summary.quality, l10n).join(" · "),
    summary.error === null
      ? ""
      : `$(error) ${plain(summary.error.message)} ${plain(summary.error.next_step ?? "")}`,
  ]
    .filter((line) => line !== "")
    .join("\n\n");
};

/** The exposure of an execution. Empty: none. */
const exposureText = (met: Exposure | undefined, l10n: Localizer): string => {
  if (met === undefined) return "";
  const parts = [
    met.read_untrusted ? l10n.t("read untrusted content") : "",
    met.used_secrets ? l10n.t("used your secrets") : "",
    met.acts_outwardly ? l10n.t("could affect other systems") : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `$(shield) ${parts.join(" · ")}`;
};

export const gateItem = (proof: GateProof, l10n: Localizer): Item => ({
  label: proof.gate,
  description: proof.reason,
  icon: proof.held ? icons.passed : icons.failed,
  accessibleLabel: proof.held
    ? l10n.t("Gate {0} held: {1}", proof.gate, proof.reason)
    : l10n.t("Gate {0} did not hold: {1}", proof.gate, proof.reason),
  flags: [],
  state: "leaf",
});

/** The proof: the command, its result, and the tests or files that decided it. */
export const gateTooltip = (proof: GateProof, l10n: Localizer): string =>
  [
    `**${proof.gate}**: ${plain(proof.reason)}`,
    proof.command === null
      ? ""
      : `${code(proof.command.join(" "))} → ${l10n.t("exit code {0}", proof.exit_code ?? "–")}, ${(proof.duration_ms / 1000).toFixed(1)} s`,
    proof.counts === null
      ? ""
      : l10n.t(
          "{0} passed, {1} failed, {2} skipped",
          proof.counts.passed,
          proof.counts.failed,
          proof.counts.skipped,
        ),
    proof.coverage === null
      ? ""
      : l10n.t("{0} of {1} lines covered", proof.coverage.covered, proof.coverage.total),
    proof.evidence
      .slice(0, 12)
      .map((line) => `- ${plain(line)}`)
      .join("\n"),
  ]
    .filter((line) => line !== "")
    .join("\n\n");
