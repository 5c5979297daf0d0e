import { isProven, provenFirst, type Finding, type Severity } from "../../../../schemas/findings.ts";
import { plainLine } from "../../../../schemas/plain-text.ts";
import type { GateName, GateProof } from "../../../../schemas/gates.ts";
import { offersResume } from "../../../../schemas/statuses.ts";
import { durationText } from "../../../../schemas/duration.ts";
import { plural } from "./format.ts";
import type { Style, Terminal } from "./terminal.ts";
import { roundsOf } from "./rounds.ts";
import type { RunView } from "../../../../schemas/run-view.ts";
import type { RunFinished } from "../../../../schemas/events.ts";

type Styler = Pick<Terminal, "style">;

/** A unified diff with the colors of `git diff`. */
export const colouredDiff = (diff: string, { style }: Styler): string =>
  diff
    .split("\n")
    .map((line) => {
      if (/^(diff |index |--- |\+\+\+ |new file|deleted file|similarity|rename )/.test(line))
        return style("bold", line);
      if (line.startsWith("@@")) return style("cyan", line);
      if (line.startsWith("+")) return style("green", line);
      if (line.startsWith("-")) return style("red", line);
      return line;
    })
    .join("\n");

/** Gates that run the tests many times. The result of their last run says little about them. */
const ofManyRuns: ReadonlySet<GateName> = new Set(["mutants", "needed", "stable", "held-back"]);

/** The commands that proved each gate, with exit codes, counts and durations, or else the evidence. */
export const proofTable = (view: RunView, { style, width }: Pick<Terminal, "style" | "width">): string => {
  const rows = [...view.stages.values()].flatMap((stage) =>
    roundsOf(view, stage).flatMap((round, _index, rounds) =>
      round.gates.map((gate) => [
        gate.held ? "✔" : "✖",
        rounds.length > 1 ? `${stage.state.name} (round ${round.number})` : stage.state.name,
        gate.gate,
        ...measuredCells(gate),
      ]),
    ),
  );
  if (rows.length === 0) return "";
  const lines = alignColumns(rows).map((line) =>
    cut(line, width() - 3).replace(/^[✔✖]/u, (mark) => style(mark === "✔" ? "green" : "red", mark)),
  );
  return `${style("bold", "Proof")}\n${lines.map((line) => `  ${line}\n`).join("")}`;
};

/** Counts, exit code, duration, and the command or else the evidence. */
const measuredCells = (gate: GateProof): string[] => {
  const took = durationText(gate.duration_ms);
  if (gate.command === null || ofManyRuns.has(gate.gate)) return ["", "", took, plainLine(gate.reason)];
  const exit = gate.exit_code === null ? "" : `exit ${gate.exit_code}`;
  return [countsText(gate), exit, took, plainLine(shownCommand(gate.command))];
};

const countsText = ({ counts, coverage }: GateProof): string => {
  if (counts === null) return "";
  const covered =
    coverage === null || coverage.total === 0
      ? ""
      : `, ${Math.round((100 * coverage.covered) / coverage.total)} % covered`;
  const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
  return `${counts.passed} passed, ${counts.failed} failed${skipped}${covered}`;
};

const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

/** A command without the flags that the runtime adds for its report. The proof contains the whole command. */
const shownCommand = ([program = "", ...args]: readonly string[]): string =>
  [
    program.replace(/^.*[\\/]/, ""),
    ...args.filter((arg) => !/reporter|<report>|coverage|force-exit/.test(arg)),
  ].join(" ");

/** Pads columns to their longest cell, with two spaces between columns. Does not pad the last column. */
export const alignColumns = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
};

/** Formats a table with a bold head. No cell can forge a row. */
export const tableText = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { style }: Styler,
): string => {
  const [header = "", ...lines] = alignColumns([head, ...rows.map((row) => row.map(plainLine))]);
  return `${style("bold", header)}\n${lines.map((line) => `${line}\n`).join("")}`;
};

const severityStyles: Record<Severity, Style> = {
  Critical: ["red", "bold"],
  High: "red",
  Medium: "yellow",
  Low: "blue",
  Info: "dim",
};

export const findingLines = (findings: readonly Finding[], { style }: Styler): string =>
  provenFirst(findings.filter((finding) => finding.status === "Open"))
    .map((finding) => {
      const place = `${plainLine(finding.path)}:${finding.start_line}`;
      const proof = isProven(finding) ? style("green", "proven") : style("dim", "unproven");
      const sure = style("dim", `${Math.round(finding.confidence * 100)} % sure`);
      const fix = finding.fix === null ? "" : style("dim", ", a fix is stored");
      const severity = style(severityStyles[finding.severity], finding.severity);
      return `  ${severity}  ${plainLine(finding.title)}  ${style("dim", place)}  ${proof}  ${sure}${fix}\n${indented(finding.explanation)}\n`;
    })
    .join("");

/** Indents every line of untrusted text, so that none looks like one of CODITECT's lines. */
const indented = (text: string): string => text.replace(/^/gm, "      ");

/** The result of the run, in one line. */
export const verdict = (finished: RunFinished, { style }: Styler): string => {
  const gates = finished.stages.flatMap((stage) => stage.gates);
  const failed = gates.find((gate) => !gate.held);
  switch (finished.status) {
    case "Succeeded":
      return style("green", gates.length > 0 ? "✔ Every gate held." : "✔ Every stage is complete.");
    case "GateFailed":
      return failed === undefined
        ? style("red", `✖ ${plainLine(finished.error?.message ?? "") || "A gate did not hold."}`)
        : style("red", `✖ The gate ${failed.gate} did not hold: ${plainLine(failed.reason)}`);
    case "Cancelled":
      return style("yellow", "■ Cancelled.");
    case "LimitReached":
      return style("red", `✖ ${plainLine(finished.error?.message ?? "") || "A limit was reached."}`);
    default:
      return style(
        "red",
        `✖ ${plainLine(finished.error?.message ?? "") || `The run ended as ${finished.status}.`}`,
      );
  }
};

/** Possible next steps, each as a command to copy. */
export const nextSteps = (
  { task_id: task, status, changes, error }: RunFinished,
  applied: boolean,
  { workflow, workspace, isSample }: { workflow: string; workspace: string; isSample: boolean },
  program: string,
): string => {
  const where = isSample ? ` --workspace ${workspace}` : "";
  const again = isSample ? " --provider rehearsal" : "";
  const commands: [string, string][] = [];
  if (changes.length > 0 && !applied)
    commands.push(
      [
        `${program} changes apply ${task}${where}`,
        `write ${plural(changes.length, "file")} into the workspace`,
      ],
      [`${program} changes discard ${task}${where}`, "forget them"],
    );
  if (offersResume(status))
    commands.push([`${program} resume ${task}${where}${again}`, "continue where it stopped"]);
  if (isSample && status === "Succeeded")
    commands.push(
      [`code ${workspace}`, "open the sample in VS Code, with the extension of npm run package"],
      [`${program} run ${workflow} FILE --provider claude`, "the same with a real model, on your own code"],
    );
  const advice = error?.next_step ?? null;
  return [
    ...(advice === null ? [] : [`  ${advice}\n`]),
    ...commands.map(([command, purpose]) => `  ${purpose}:\n    ${command}\n`),
  ].join("");
};
