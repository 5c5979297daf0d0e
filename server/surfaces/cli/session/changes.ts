import type { Finding } from "../../../../schemas/findings.ts";
import type { RunChanges } from "../display/outcome.ts";
import type { RunFinished } from "../../../../schemas/events.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { writeOutputFile } from "./output-file.ts";

/** The run's changes, applied if the user requested it and every gate held. Null: it made none. */
export const collectChanges = async (
  { task_id, status, changes }: RunFinished,
  connection: Connection,
  apply: boolean,
  /** Marked files to apply as well. */
  named: readonly string[] = [],
): Promise<RunChanges | null> => {
  if (changes.length === 0) return null;
  const request = { task_id, include_content: true };
  const { change_set, diff, contents } = await connection.call("changes/get", request);
  if (!apply || status !== "Succeeded") return { set: change_set, diff, contents, applied: null };
  const written = await connection.call("changes/apply", { task_id });
  const also = change_set.files.filter(({ path }) => named.includes(path)).map(({ path }) => path);
  if (also.length === 0) return { set: written.change_set, diff, contents, applied: written.files };
  const more = await connection.call("changes/apply", { task_id, paths: also });
  return { set: more.change_set, diff, contents, applied: [...written.files, ...more.files] };
};

export const hasConflict = (changes: RunChanges | null): boolean =>
  changes?.applied?.some((file) => file.result === "conflict") ?? false;

/** Writes the findings as SARIF to the file with this absolute path. Error: `report_not_written`. */
export const writeSarif = async (
  path: string,
  findings: readonly Finding[],
  changes: RunChanges | null,
  workspace: string,
): Promise<void> => {
  const { sarifText } = await import("../display/sarif-file.ts");
  const text = sarifText(findings, changes?.contents ?? [], workspace);
  await writeOutputFile(path, text, "report_not_written");
};
