import { join } from "node:path";
import { z } from "zod";
import type { TestCase } from "../../../schemas/tests.ts";
import { readCoverageSummary } from "./coverage.ts";
import { readReport } from "./events.ts";
import { nameSeparator } from "./names.ts";
import { noResults, type TestJob, type TestResults } from "./runner.ts";

/** The used fields of the report of `jest --json`, which vitest's JSON reporter writes, too. */
const JestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().nullish(),
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          duration: z.number().nonnegative().nullish(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});
type FileResult = z.infer<typeof JestReport>["testResults"][number];

/** Where the runner puts its report. */
export const jestReportFile = ({ reportFolder }: Pick<TestJob, "reportFolder">): string =>
  join(reportFolder, "report.json");

const statuses: Record<string, TestCase["status"]> = { passed: "passed", failed: "failed" };

const testsOf = (file: FileResult): TestCase[] =>
  file.assertionResults.map((test) => ({
    file: file.name,
    name: [...test.ancestorTitles.filter((title) => title !== ""), test.title].join(nameSeparator),
    status: statuses[test.status] ?? "skipped",
    duration_ms: test.duration ?? null,
    message: test.status === "failed" ? (test.failureMessages ?? []).join("\n\n") : null,
  }));

/** Whether a file failed although none of its tests did. It could not be loaded, or failed around its tests. */
const isLoadError = (file: FileResult): boolean =>
  file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed");

/** Reads the report of jest or vitest. */
export const readJestReport = async (job: TestJob): Promise<TestResults> => {
  const text = await readReport(jestReportFile(job));
  if (text === null) return noResults(false);
  const { testResults } = JestReport.parse(JSON.parse(text));
  return {
    complete: true,
    tests: testResults.flatMap(testsOf),
    load_errors: testResults
      .filter(isLoadError)
      .map(({ name, message }) => ({ file: name, message: message ?? "It could not be loaded." })),
    errors: [],
    coverage: await readCoverageSummary(job),
  };
};
