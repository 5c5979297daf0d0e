import { join } from "node:path";
import { z } from "zod";
import type { Coverage } from "../../../schemas/tests.ts";
import { readReport } from "./events.ts";
import type { TestJob } from "./runner.ts";

const Lines = z.object({ lines: z.object({ total: z.int().nonnegative(), covered: z.int().nonnegative() }) });

/** Istanbul's `json-summary`, which vitest, jest, c8 and nyc write. It has one entry per file, and `total`. */
const Summary = z.record(z.string(), Lines);

/** Where a runner puts its coverage report. */
export const coverageFolder = ({ reportFolder }: Pick<TestJob, "reportFolder">): string =>
  join(reportFolder, "coverage");

/** Coverage by file from the `json-summary` in the coverage folder; `null` if there is none. */
export const readCoverageSummary = async (
  job: Pick<TestJob, "reportFolder">,
): Promise<Coverage["files"] | null> => {
  const text = await readReport(join(coverageFolder(job), "coverage-summary.json"));
  if (text === null) return null;
  const { total: _, ...files } = Summary.parse(JSON.parse(text));
  return Object.fromEntries(Object.entries(files).map(([path, { lines }]) => [path, lines]));
};
