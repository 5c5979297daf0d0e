import type { EvaluationReport, Rate, Trial } from "../../../../schemas/evaluation.ts";
import { byTask } from "../../../evaluation/report.ts";
import { durationText } from "../../../../schemas/duration.ts";
import { formatCost, formatCount, plural } from "./format.ts";
import { alignColumns } from "./summary.ts";
import type { Terminal } from "./terminal.ts";

type Styler = Pick<Terminal, "style">;

const usedBy = ({ tokens, cost, seconds }: Pick<Trial, "tokens" | "cost" | "seconds">): string =>
  [`${formatCount(tokens)} tokens`, formatCost(cost), durationText(seconds * 1000)].join(" · ");

const resultOf = (trial: Trial): { good: boolean; text: string } => {
  if (trial.error !== null) return { good: false, text: trial.error };
  if (trial.kind === "review") {
    const { detected, elsewhere, false_positives } = trial;
    const others = elsewhere === 0 ? "" : `, ${plural(elsewhere, "finding")} elsewhere`;
    const alarms = `${plural(false_positives, "finding")} in the fixed one`;
    return {
      good: detected && false_positives === 0,
      text: `${detected ? "detected" : "missed"}${others}, ${alarms}`,
    };
  }
  const { passed, failed } = trial.hidden_tests;
  const text = trial.first_try
    ? "solved at the first try"
    : trial.solved
      ? "solved after feedback"
      : "not solved";
  return { good: trial.solved, text: `${text}, hidden tests: ${passed} passed, ${failed} failed` };
};

/** The line of a trial that has ended. */
export const trialLine = (trial: Trial, { style }: Styler): string => {
  const { good, text } = resultOf(trial);
  const mark = good ? style("green", "✔") : style("red", "✖");
  return `${mark} ${trial.task} ${trial.sample}  ${text}  ${style("dim", usedBy(trial))}\n`;
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const shown = (rate: Rate): string =>
  rate === null
    ? "–"
    : `${rate.count} of ${rate.of}  ${percent(rate.share)}  (${percent(rate.low)} to ${percent(rate.high)})`;

const taskRows = (trials: readonly Trial[]): string[][] =>
  [...byTask(trials)].map(([task, of]) => {
    const good = of.filter((trial) => (trial.kind === "solve" ? trial.solved : trial.detected)).length;
    const first = of.filter((trial) => trial.kind === "solve" && trial.first_try).length;
    const isSolve = of[0]?.kind === "solve";
    const found = isSolve
      ? `${first} at the first try`
      : `${of.filter((trial) => trial.kind === "review" && trial.false_positives > 0).length} false alarms`;
    return [task, `${good} of ${of.length} ${isSolve ? "solved" : "detected"}`, found];
  });

/** The results of an evaluation for people, with 95 % confidence intervals. */
export const evaluationTable = (
  report: EvaluationReport,
  trials: readonly Trial[],
  { style }: Styler,
): string => {
  const { solve, review } = report;
  const chances = Object.entries(solve.pass_at).map(([k, share]) => [`pass@${k}`, percent(share)]);
  const rows = [
    ...(solve.tasks === 0
      ? []
      : [
          ["solved", shown(solve.solved)],
          ["at the first try", shown(solve.first_try)],
          ["gates held", shown(solve.gates_held)],
          ["held, not solved", shown(solve.wrongly_held)],
          ...chances,
        ]),
    ...(review.pairs === 0
      ? []
      : [
          ["defects detected", shown(review.detected)],
          ["false alarms", shown(review.false_alarms)],
          ["findings per fixed", review.false_positives?.toFixed(2) ?? "–"],
        ]),
    ["used", usedBy(report)],
    ...(report.failed === 0 ? [] : [["without a result", String(report.failed)]]),
  ];
  const title = style("bold", `${report.suite} · ${report.model}`);
  return [title, ...alignColumns(taskRows(trials)), "", ...alignColumns(rows)]
    .map((line) => `${line}\n`)
    .join("");
};
