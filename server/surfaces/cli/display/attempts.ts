import { byRank } from "../../../../schemas/attempts.ts";
import type { RunFinished } from "../../../../schemas/events.ts";
import type { StageAttempt, StageState } from "../../../../schemas/run.ts";
import { formatCost } from "./format.ts";
import { tableText } from "./summary.ts";
import type { Terminal } from "./terminal.ts";

const head = ["rank", "attempt", "gates", "held-back", "mutants", "lines", "cost"];

const rowOf = ({ rank, attempt, score }: StageAttempt): string[] => [
  rank === null ? "–" : String(rank),
  String(attempt),
  ...(score === null
    ? ["no result", "", "", "", ""]
    : [
        score.gates === 0 ? "no result" : `${score.gates_held} of ${score.gates}`,
        score.held_back === null
          ? "–"
          : `${score.held_back.passed} of ${score.held_back.passed + score.held_back.failed}`,
        score.mutants === null ? "–" : `${score.mutants.killed} of ${score.mutants.judged}`,
        String(score.lines),
        formatCost(score.cost),
      ]),
];

/** The attempts at a stage, best first, with the values for their ranking. */
export const rankingTable = (attempts: readonly StageAttempt[], terminal: Pick<Terminal, "style">): string =>
  tableText(head, byRank(attempts).map(rowOf), terminal);

/** Stages that were attempted several times. */
export const attemptedStages = (
  stages: readonly StageState[],
): (StageState & { attempts: StageAttempt[] })[] =>
  stages.flatMap(({ attempts, ...stage }) => (attempts === undefined ? [] : [{ ...stage, attempts }]));

/** The ranking of the attempts of a run, and how to compare them. Empty if there were none. */
export const attemptsTable = (
  { stages, task_id }: Pick<RunFinished, "stages" | "task_id">,
  program: string,
  terminal: Pick<Terminal, "style">,
): string =>
  attemptedStages(stages)
    .map(({ name, attempts }) => {
      const table = rankingTable(attempts, terminal).replace(/^(?=.)/gm, "  ");
      const hint = `${program} changes show ${task_id} --attempt 2 --against 1`;
      return `${terminal.style("bold", `Attempts at ${name}`)}\n${table}  compare two of them:\n    ${hint}\n`;
    })
    .join("");
