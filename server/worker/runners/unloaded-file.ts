import { resolve } from "node:path";
import { isWithin } from "../../workspace/paths.ts";
import type { ProcessResult } from "../process.ts";
import { noResults, type TestJob, type TestResults } from "./runner.ts";
import { exists } from "../../workspace/file-access.ts";

/** The file that ended a Node runner before its first test. It is the first project file in the output. */
export const unloadedFile = (
  { folder, files }: TestJob,
  { exit_code, output }: ProcessResult,
): string | null => {
  if (exit_code === null || exit_code === 0) return null;
  const named = [...output.matchAll(/(?:file:\/\/)?([^\s:'"]+\.[cm]?[jt]sx?)\b/g)]
    .map(([, path = ""]) => resolve(folder, path))
    .filter((path) => isWithin(folder, path) && !path.includes("/node_modules/"));
  const own = named.find((path) => exists(path));
  return own ?? (files?.length === 1 && /\bError\b/.test(output) ? (files[0] ?? null) : null);
};

/** The results of a runner that such a file ended; null if there is no such file. */
export const unloadedResults = (job: TestJob, ended: ProcessResult): TestResults | null => {
  const file = unloadedFile(job, ended);
  return file === null ? null : { ...noResults(true), load_errors: [{ file, message: ended.output }] };
};
