import type { QualityMetrics } from "../../schemas/execution.ts";
import type { Localizer } from "../../schemas/localizer.ts";
import { icons, type Item } from "./item.ts";

/** The measured scores of an execution, in percent. */
export const qualityParts = (metrics: QualityMetrics, l10n: Localizer): string[] => {
  const percent = (score: number): string => `${Math.round(score * 100)} %`;
  const named: [string, number | null][] = [
    [l10n.t("confidence"), metrics.confidence],
    [l10n.t("completeness"), metrics.completeness],
    [l10n.t("code quality"), metrics.code_quality],
    [l10n.t("test coverage"), metrics.test_coverage],
    [l10n.t("performance"), metrics.performance],
  ];
  return named.flatMap(([name, score]) => (score === null ? [] : [`${name} ${percent(score)}`]));
};

/** The line below an execution that shows its scores. */
export const qualityItem = (metrics: QualityMetrics, l10n: Localizer): Item => {
  const description = qualityParts(metrics, l10n).join(" · ");
  return {
    label: l10n.t("quality"),
    description,
    icon: icons.quality,
    accessibleLabel: l10n.t("Quality: {0}", description),
    flags: [],
    state: "leaf",
  };
};

/** How each score is computed, for the tooltip. */
export const qualityTooltip = (l10n: Localizer): string =>
  [
    l10n.t("Confidence: the share of gates that held, reduced each time the work was sent back."),
    l10n.t("Completeness: gates and criteria of the stage that are met."),
    l10n.t("Code quality: 100 %, reduced by what reviewers found in this change."),
    l10n.t("Test coverage: covered lines, as the test runner reports them."),
    l10n.t("Performance: the duration of the project's own tests before the change, compared with after it."),
  ].join("\n\n");
