import type { GateProof } from "../../../../schemas/gates.ts";
import type { StageStatus } from "../../../../schemas/run.ts";
import type { RunView, StageView } from "../../../../schemas/run-view.ts";
import { durationText } from "../../../../schemas/duration.ts";
import { formatClock, formatCost, formatCount, plural } from "./format.ts";
import type { Style, Terminal } from "./terminal.ts";
import { roundsOf, sumOf, usageOf, type Round } from "./rounds.ts";

type Styler = Pick<Terminal, "style">;

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/** Milliseconds per frame of the spinner. */
export const SPINNER_INTERVAL = 80;

const marks: Record<StageStatus, [string, Style]> = {
  Pending: ["○", "dim"],
  WaitingForApproval: ["?", "yellow"],
  Running: ["▸", "cyan"],
  Completed: ["✔", "green"],
  Skipped: ["–", "dim"],
  Failed: ["✖", "red"],
  Cancelled: ["■", "yellow"],
};

/**
 * The stages of a run as lines, each with its current activity or its duration, and the proofs of its gates.
 *
 * @param now milliseconds since the epoch, for the spinner and the clocks.
 */
export const stageLines = (view: RunView, now: number, terminal: Styler): string[] => {
  const stages = [...view.stages.values()];
  const nameWidth = Math.max(8, ...stages.map(({ state }) => state.name.length));
  return stages.flatMap((stage) => oneStage(stage, roundsOf(view, stage), nameWidth, now, terminal));
};

const oneStage = (
  { state, agent_type }: StageView,
  rounds: readonly Round[],
  nameWidth: number,
  now: number,
  { style }: Styler,
): string[] => {
  const running = state.status === "Running";
  const [mark, markStyle] = marks[state.status];
  const turning = spinner[Math.floor(now / SPINNER_INTERVAL) % spinner.length] ?? mark;
  const current = rounds.at(-1);
  const facts = [
    (agent_type ?? "").padEnd(14),
    current !== undefined && current.number > 1 ? style("yellow", `round ${current.number}`) : "",
    current === undefined ? "" : running ? current.activity : style("dim", tookText(rounds)),
    running && current !== undefined ? style("dim", durationText(now - current.startedAt)) : "",
  ];
  const title = running ? style("bold", state.name.padEnd(nameWidth)) : state.name.padEnd(nameWidth);
  const head = `${style(markStyle, running ? turning : mark)} ${title}  ${facts.filter(Boolean).join("  ")}`;
  return [
    head.trimEnd(),
    ...rounds.flatMap((round) => roundLines(round, round === current, nameWidth, { style })),
  ];
};

const tookText = (rounds: readonly Round[]): string => {
  const { calls, tokens } = sumOf(rounds.map(({ used }) => used));
  const took = rounds.reduce((sum, { startedAt, endedAt }) => sum + ((endedAt ?? startedAt) - startedAt), 0);
  return [plural(calls, "turn"), `${formatCount(tokens)} tokens`, durationText(took)].join(" · ");
};

/** The proofs of a round. For an earlier round, only the proof that sent the work back. */
const roundLines = (round: Round, current: boolean, indent: number, { style }: Styler): string[] => {
  const pad = " ".repeat(indent + 4);
  const label = current ? "" : style("dim", `round ${round.number}  `);
  const gates = round.gates
    .filter((gate) => current || !gate.held)
    .map((gate) => `${pad}${label}${gateText(gate, { style })}`);
  if (round.error === null) return gates;
  return [...gates, `${pad}${label}${style("red", round.error)}`];
};

export const gateText = ({ gate, held, reason }: GateProof, { style }: Styler): string =>
  `${held ? style("green", "✔") : style("red", "✖")} ${gate.padEnd(9)} ${style("dim", reason)}`;

/** `14 model calls · 21.3k tokens · $0.00` */
export const usageLine = (view: RunView): string => {
  const { calls, tokens, cost } = usageOf(view);
  return [plural(calls, "model call"), `${formatCount(tokens)} tokens`, formatCost(cost)].join(" · ");
};

/** `0:04 · 14 model calls · 21.3k tokens · $0.00` */
export const totalLine = (view: RunView, now: number): string =>
  `${formatClock(now - Date.parse(view.created_at))} · ${usageLine(view)}`;

/** `tdd on src/bill.js · rehearsal · Local` */
export const titleLine = (view: RunView, file: string | null, { style }: Styler): string => {
  const where = file === null ? "" : ` on ${style("bold", file)}`;
  const model = /(^|\/)rehearsal$/.test(view.model) ? "rehearsal (a script, not a model)" : view.model;
  const rest = [model, view.runtime].filter(Boolean).map((part) => style("dim", ` · ${part}`));
  return `${style("bold", view.workflow)}${where}${rest.join("")}`;
};
