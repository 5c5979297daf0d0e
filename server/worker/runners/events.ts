import { open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LineCoverage, TestFailure, TestStatus } from "../../../schemas/tests.ts";
import { rubyFailure } from "./failures.ts";
import { noResults, type TestJob, type TestResults } from "./runner.ts";

/** The maximum length of a report. A longer one counts as incomplete. */
const REPORT_BYTES = 64 * 1024 * 1024;

/** The lines that our reporters for mocha, node:test and pytest write immediately for each event. */
const ReporterEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("loading"), file: z.string() }),
  z.object({ type: z.literal("begin") }),
  z.object({
    type: z.literal("test"),
    file: z.string(),
    name: z.string(),
    status: TestStatus,
    duration_ms: z.number().nonnegative().nullable(),
    message: z.string().nullable(),
    /** Missing if the reporter does not tell errors apart. */
    failure: TestFailure.optional(),
    /** The Ruby error of a failed test. Missing if the reporter does not report it. */
    thrown: z.object({ class: z.string(), message: z.string() }).nullish(),
  }),
  z.object({ type: z.literal("load_error"), file: z.string(), message: z.string() }),
  z.object({ type: z.literal("error"), name: z.string(), message: z.string() }),
  z.object({ type: z.literal("coverage"), files: z.record(z.string(), LineCoverage) }),
  z.object({ type: z.literal("end") }),
]);

/** Where our reporters write their events. */
export const eventsFile = ({ reportFolder }: Pick<TestJob, "reportFolder">): string =>
  join(reportFolder, "events.jsonl");

/** Reads at most `REPORT_BYTES` of a report; null if it was never written. */
export const readReport = async (path: string): Promise<string | null> => {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.min(size, REPORT_BYTES)) });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
};

/** What a reporter wrote before the first test. */
interface Beginning {
  /** Whether it reached the first test. */
  begun: boolean;
  /** The test file that was loaded last. */
  loading: string | null;
}

/** Reads the events of our reporter, up to its end or the point where it stopped. */
export const readEvents = async (job: TestJob): Promise<TestResults & Beginning> => {
  const results: TestResults & Beginning = { ...noResults(false), begun: false, loading: null };
  const text = await readReport(eventsFile(job));
  for (const line of text?.split("\n").slice(0, -1) ?? []) {
    const event = ReporterEvent.parse(JSON.parse(line));
    switch (event.type) {
      case "test": {
        const { type: _, thrown, failure: told, ...test } = event;
        const failure = thrown == null ? told : rubyFailure(thrown.class, thrown.message);
        results.tests.push({ ...test, ...(failure !== undefined && { failure }) });
        break;
      }
      case "load_error":
        results.load_errors.push({ file: event.file, message: event.message });
        break;
      case "error":
        results.errors.push({ name: event.name, message: event.message });
        break;
      case "coverage":
        results.coverage = event.files;
        break;
      case "loading":
        results.loading = event.file;
        break;
      case "begin":
        results.begun = true;
        break;
      case "end":
        results.complete = true;
    }
  }
  return results;
};
