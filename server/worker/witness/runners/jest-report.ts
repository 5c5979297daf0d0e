import type { TestCase } from "../../../../schemas/tests.ts";
import { readJestReport as readPlainReport } from "../../runners/jest-report.ts";
import { readEvents } from "./events.ts";
import type { TestJob, TestResults } from "./runner.ts";

/**
 * Reads the report of jest or vitest. `signed`: only tests that our runner told of with the run's
 * signature count. `named`: those of the report, with the kinds of failures that our reporter told.
 */
export const readJestReport = async (job: TestJob, counted: "signed" | "named"): Promise<TestResults> => {
  const [report, { tests: told, tampering, reached }] = await Promise.all([
    readPlainReport(job),
    readEvents(job),
  ]);
  const watched = { ...report, tampering, mutants: [], reached };
  if (!report.complete) return watched;
  if (counted === "signed") return { ...watched, tests: told };
  const kinds = new Map(told.map(({ file, name, failure }) => [`${file}\n${name}`, failure]));
  const named = report.tests.map((test): TestCase => {
    const failure = kinds.get(`${test.file}\n${test.name}`);
    return failure === undefined ? test : { ...test, failure };
  });
  return { ...watched, tests: named };
};
