import { writeFile } from "node:fs/promises";
import type { ChangeSet } from "../../../../schemas/changes.ts";
import type { AppliedFile, ChangeContent } from "../../../../schemas/contract.ts";
import type { Finding } from "../../../../schemas/findings.ts";
import type { Connection } from "../session/follow.ts";
import { colouredDiff, findingLines, nextSteps, proofTable, verdict } from "./summary.ts";
import type { Target } from "../session/target.ts";
import type { CommandContext } from "./terminal.ts";
import type { RunFinished, RunView } from "./view.ts";

/** What a run made of the workspace. */
export interface Changes {
  set: ChangeSet;
  diff: string;
  contents: ChangeContent[];
  /** Null if nothing was to be applied. */
  applied: AppliedFile[] | null;
}

/** The run's changes, applied if that was asked for and every gate held; null: it made none. */
export const collectChanges = async (
  { task_id, status, changes }: RunFinished,
  connection: Connection,
  apply: boolean,
): Promise<Changes | null> => {
  if (changes.length === 0) return null;
  const request = { task_id, include_content: true };
  const { change_set, diff, contents } = await connection.call("changes/get", request);
  if (!apply || status !== "Succeeded") return { set: change_set, diff, contents, applied: null };
  const written = await connection.call("changes/apply", { task_id });
  return { set: written.change_set, diff, contents, applied: written.files };
};

export const hasConflict = (changes: Changes | null): boolean =>
  changes?.applied?.some((file) => file.result === "conflict") ?? false;

/** Writes the findings as SARIF to a file of that absolute path. */
export const writeSarif = async (
  path: string,
  findings: readonly Finding[],
  changes: Changes | null,
  workspace: string,
): Promise<void> => {
  const { sarifText } = await import("./sarif-file.ts");
  await writeFile(path, await sarifText(findings, changes?.contents ?? [], workspace));
};

/** The end of a run for people: what changed, what was found, what was proven, what to do next. */
export const report = (
  finished: RunFinished,
  changes: Changes | null,
  view: RunView,
  target: Pick<Target, "workspace" | "isSample">,
  { terminal, program }: Pick<CommandContext, "terminal" | "program">,
): void => {
  const findings = findingLines(finished.findings, terminal);
  const applied = changes?.applied ?? null;
  const blocks = [
    changes === null ? "" : colouredDiff(changes.diff, terminal),
    findings === "" ? "" : `${terminal.style("bold", "Findings")}\n${findings}`,
    proofTable(view, terminal),
    `${verdict(finished, terminal)}\n${applied === null ? "" : appliedLines(applied)}`,
    nextSteps(finished, applied !== null, { ...target, workflow: view.workflow }, program),
  ];
  const shown = blocks.map((block) => block.trimEnd()).filter((block) => block !== "");
  terminal.out(`\n${shown.join("\n\n")}\n`);
};

export const appliedLines = (files: readonly AppliedFile[]): string =>
  files.map((file) => `  ${file.result.padEnd(9)}  ${file.path}\n`).join("");
