import type { ChangeMark, ChangeSet } from "../../../../schemas/changes.ts";
import type { AppliedFile, ChangeContent } from "../../../../schemas/contract.ts";
import { plainLine } from "../../../../schemas/plain-text.ts";
import { attemptsTable } from "./attempts.ts";
import { colouredDiff, findingLines, nextSteps, proofTable, verdict } from "./summary.ts";
import type { CommandContext } from "./terminal.ts";
import type { RunView } from "../../../../schemas/run-view.ts";
import type { RunFinished } from "../../../../schemas/events.ts";

/** The changes of a run in the workspace. */
export interface RunChanges {
  set: ChangeSet;
  diff: string;
  contents: ChangeContent[];
  /** Null if there was nothing to apply. */
  applied: AppliedFile[] | null;
}

/** The end of a run for people: changes, findings, proofs and next steps. */
export const report = (
  finished: RunFinished,
  changes: RunChanges | null,
  view: RunView,
  target: { workspace: string; isSample: boolean },
  { terminal, program }: Pick<CommandContext, "terminal" | "program">,
): void => {
  const findings = findingLines(finished.findings, terminal);
  const applied = changes?.applied ?? null;
  const blocks = [
    changes === null ? "" : colouredDiff(changes.diff, terminal),
    findings === "" ? "" : `${terminal.style("bold", "Findings")}\n${findings}`,
    proofTable(view, terminal),
    attemptsTable(finished, program, terminal),
    `${verdict(finished, terminal)}\n${applied === null ? "" : appliedLines(applied)}${changes === null ? "" : leftLines(changes.set, terminal)}`,
    nextSteps(finished, applied !== null, { ...target, workflow: view.workflow }, program),
  ];
  const shown = blocks.map((block) => block.trimEnd()).filter((block) => block !== "");
  terminal.out(`\n${shown.join("\n\n")}\n`);
};

const markWords: Record<ChangeMark, string> = {
  executes: "it is executed",
  steers: "it configures agents or tools",
  invisible: "it has invisible characters",
  fetches: "editors load a schema from another computer when they open it",
};

/** Files that are applied only if the user names them, each with the reason. */
export const leftLines = (
  { files }: ChangeSet,
  { style }: Pick<CommandContext["terminal"], "style">,
): string =>
  files
    .filter(({ decision, marks = [] }) => decision === "Pending" && marks.length > 0)
    .map(({ path, marks = [] }) => {
      const why = marks.map((mark) => markWords[mark]).join(", ");
      return style(
        "yellow",
        `  ! ${plainLine(path)}: ${why}. Apply it with --apply-also, once you have read it.\n`,
      );
    })
    .join("");

export const appliedLines = (files: readonly AppliedFile[]): string =>
  files.map((file) => `  ${file.result.padEnd(9)}  ${plainLine(file.path)}\n`).join("");
