import { z } from "zod";
import { eventsFile, readReport } from "../../runners/events.ts";
import {
  LineCoverage,
  Mutant,
  MutantReached,
  Tampering,
  TestFailure,
  TestStatus,
} from "../../../../schemas/tests.ts";
import { forgery } from "../witness.ts";
import { noResults, type TestJob, type TestResults } from "./runner.ts";

/** The lines our reporters for mocha, node:test and pytest write, each as soon as it is known. */
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
    failure: TestFailure.optional(),
  }),
  Mutant.extend({ type: z.literal("mutant") }),
  MutantReached.extend({ type: z.literal("reached") }),
  Tampering.extend({ type: z.literal("tampering") }),
  z.object({ type: z.literal("load_error"), file: z.string(), message: z.string() }),
  z.object({ type: z.literal("coverage"), files: z.record(z.string(), LineCoverage) }),
  z.object({ type: z.literal("end") }),
]);

/** What a reporter told of the time before the first test. */
interface Beginning {
  /** Whether it came to its first test. */
  begun: boolean;
  /** The test file that was loaded last. */
  loading: string | null;
}

/**
 * What our reporter and the witness told, up to the end or to where they broke off. Only lines that
 * carry the run's signature count; any other was written by somebody else.
 */
export const readEvents = async (job: TestJob): Promise<TestResults & Beginning> => {
  const results: TestResults & Beginning = { ...noResults(false), begun: false, loading: null };
  const texts = await Promise.all([readReport(eventsFile(job)), readReport(job.witness.settings.channel)]);
  for (const text of texts) {
    const { lines, forged } = job.witness.signed(text ?? "");
    for (const line of lines) takeEvent(results, ReporterEvent.parse(JSON.parse(line)));
    if (forged > 0) results.tampering.push(forgery);
  }
  return results;
};

const takeEvent = (results: TestResults & Beginning, event: z.infer<typeof ReporterEvent>): void => {
  switch (event.type) {
    case "test": {
      const { type: _, ...test } = event;
      results.tests.push(test);
      break;
    }
    case "mutant": {
      const { type: _, ...mutant } = event;
      results.mutants.push(mutant);
      break;
    }
    case "reached": {
      const { type: _, ...place } = event;
      results.reached.push(place);
      break;
    }
    case "tampering": {
      const { type: _, ...tampering } = event;
      results.tampering.push(tampering);
      break;
    }
    case "load_error":
      results.load_errors.push({ file: event.file, message: event.message });
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
};
