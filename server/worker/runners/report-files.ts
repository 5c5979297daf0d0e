import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { TestJob } from "./runner.ts";

/** The file for a runner's report or its standard output. */
export const reportFile = ({ reportFolder }: Pick<TestJob, "reportFolder">, name = "report.xml"): string =>
  join(reportFolder, name);

/** The command with its output redirected to a file, because a report on standard output can be long. */
export const withOutputIn = (file: string, command: readonly string[]): string[] =>
  process.platform === "win32"
    ? ["cmd.exe", "/d", "/s", "/c", `${command.map((word) => `"${word}"`).join(" ")} > "${file}" 2>&1`]
    : ["/bin/sh", "-c", 'exec "$@" > "$0" 2>&1', file, ...command];

/** The command with its standard output redirected to a file. Standard error is not part of the report. */
export const withStandardOutputIn = (file: string, command: readonly string[]): string[] =>
  process.platform === "win32"
    ? ["cmd.exe", "/d", "/s", "/c", `${command.map((word) => `"${word}"`).join(" ")} > "${file}"`]
    : ["/bin/sh", "-c", 'exec "$@" > "$0"', file, ...command];

const unlisted = new Set(["node_modules", ".git", ".gradle", "vendor"]);

/** Files below a folder whose path matches, in order. Paths are relative to the folder, with `/`. */
export const filesBelow = async (folder: string, wanted: RegExp, depth = 12): Promise<string[]> => {
  const found: string[] = [];
  const walk = async (below: string, left: number): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory() && left > 0 && !unlisted.has(entry.name)) await walk(path, left - 1);
      else if (entry.isFile() && wanted.test(path)) found.push(path);
    }
  };
  await walk("", depth);
  return found.sort();
};

/** Reports in fixed places of the package that this run wrote. Paths are relative to the package. */
export const freshReports = async (
  folder: string,
  wanted: RegExp,
  durationMs: number,
): Promise<{ path: string; text: string }[]> => {
  const since = Date.now() - durationMs - 2000;
  const reports: { path: string; text: string }[] = [];
  for (const path of await filesBelow(folder, wanted)) {
    const { mtimeMs } = await stat(join(folder, path));
    if (mtimeMs >= since) reports.push({ path, text: await readFile(join(folder, path), "utf8") });
  }
  return reports;
};
