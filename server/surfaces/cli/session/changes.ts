import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { Finding } from "../../../../schemas/findings.ts";
import type { RunChanges } from "../display/outcome.ts";
import type { RunFinished } from "../../../../schemas/events.ts";
import type { Connection } from "../../../hosting/connection.ts";

/** The run's changes, applied if that was asked for and every gate held; null: it made none. */
export const collectChanges = async (
  { task_id, status, changes }: RunFinished,
  connection: Connection,
  apply: boolean,
  /** Marked files that are applied, too. */
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

/**
 * Makes the folder of a report and checks that the report can be put there, before the run is paid for.
 * Error: `usage`.
 */
export const prepareReport = async (path: string): Promise<void> => {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw fail("usage", { problem: `Cannot write ${path}: ${reasonOf(error)}.` }, { cause: error });
  }
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true)
    throw fail("usage", { problem: `${path} is a folder. Name a file in it.` });
};

const reasonOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

/** Writes the findings as SARIF to a file of that absolute path. Error: `report_not_written`. */
export const writeSarif = async (
  path: string,
  findings: readonly Finding[],
  changes: RunChanges | null,
  workspace: string,
): Promise<void> => {
  const { sarifText } = await import("../display/sarif-file.ts");
  const text = sarifText(findings, changes?.contents ?? [], workspace);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  } catch (error) {
    throw fail("report_not_written", { path, reason: reasonOf(error) }, { cause: error });
  }
};
