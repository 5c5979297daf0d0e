import type { Localizer } from "../../schemas/localizer.ts";
import type { StageAttempt } from "../../schemas/run.ts";
import { formatCost } from "./item.ts";

/** The result of an attempt in one line. Empty: it is not ranked yet. */
export const attemptText = ({ rank, score }: StageAttempt, l10n: Localizer): string => {
  if (rank === null) return "";
  if (score === null) return l10n.t("rank {0}", rank);
  const { held_back, mutants, lines, cost } = score;
  return [
    l10n.t("rank {0}", rank),
    held_back === null
      ? ""
      : l10n.t("{0} of {1} held-back tests pass", held_back.passed, held_back.passed + held_back.failed),
    mutants === null ? "" : l10n.t("{0} of {1} mutants noticed", mutants.killed, mutants.judged),
    l10n.t("{0} lines", lines),
    cost === null ? "" : formatCost(cost),
  ]
    .filter((part) => part !== "")
    .join(" · ");
};
