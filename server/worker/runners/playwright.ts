import { z } from "zod";
import type { TestCase } from "../../../schemas/tests.ts";
import { readReport } from "./events.ts";
import { namePattern, nameSeparator } from "./names.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { reportFile } from "./report-files.ts";
import { noResults, type RunnerAdapter, type TestJob } from "./runner.ts";
import { splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";

const rules: ArgumentRules = {
  valued: new Set(
    "--config -c --project --reporter --workers -j --grep -g --grep-invert --retries --timeout".split(" "),
  ),
  dropped:
    /^(--reporter|--ui.*|--debug|--headed|--update-snapshots|-u|--max-failures|-x|--forbid-only|--pass-with-no-tests)$/,
};

/** The used fields of the report of Playwright's `json` reporter. */
interface Suite {
  title: string;
  specs: {
    title: string;
    file: string;
    tests: {
      projectName: string;
      status: string;
      results: {
        duration: number;
        error?: { stack?: string | undefined; message?: string | undefined } | undefined;
      }[];
    }[];
  }[];
  suites?: Suite[] | undefined;
}
const Failure = z.object({ stack: z.string().optional(), message: z.string().optional() });
const Suite: z.ZodType<Suite> = z.object({
  title: z.string(),
  specs: z.array(
    z.object({
      title: z.string(),
      file: z.string(),
      tests: z.array(
        z.object({
          projectName: z.string(),
          status: z.string(),
          results: z.array(z.object({ duration: z.number(), error: Failure.optional() })),
        }),
      ),
    }),
  ),
  suites: z.array(z.lazy(() => Suite)).optional(),
});
const Report = z.object({
  config: z.object({ rootDir: z.string() }),
  suites: z.array(Suite),
  errors: z.array(Failure.extend({ location: z.object({ file: z.string() }).optional() })).default([]),
});

const statuses: Readonly<Record<string, TestCase["status"]>> = {
  expected: "passed",
  flaky: "passed",
  unexpected: "failed",
};

/** The tests of a suite. Their names include the titles of projects, but not those of files. */
const testsOf = (suite: Suite, root: string, above: readonly string[]): TestCase[] => [
  ...suite.specs.flatMap(({ title, file, tests }) =>
    tests.map(({ projectName, status, results }): TestCase => {
      const failure = results.find(({ error }) => error !== undefined)?.error;
      const is = statuses[status] ?? "skipped";
      return {
        file: `${root}/${file}`,
        name: [...(projectName === "" ? [] : [`[${projectName}]`]), ...above, title].join(nameSeparator),
        status: is,
        duration_ms: results.reduce((sum, { duration }) => sum + duration, 0),
        message: is === "failed" ? (failure?.stack ?? failure?.message ?? "") : null,
      };
    }),
  ),
  ...(suite.suites ?? []).flatMap((inner) => testsOf(inner, root, [...above, inner.title])),
];

/** Playwright reports an error if a project has no tests yet. */
const nothingThere = /^(Error: )?No tests found\b/;

const report = (job: Pick<TestJob, "reportFolder">): string => reportFile(job, "playwright.json");

export const playwright: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/(@playwright\/test|playwright)\/cli\.js$/,
    onlyWith: ["test"],
    rules,
    flags: () => ["--reporter=list,json"],
    env: ({ report: reportFolder }) => ({ PLAYWRIGHT_JSON_OUTPUT_NAME: report({ reportFolder }) }),
  },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, rules);
    const name = job.name === null ? [] : [`--grep=${namePattern(job.name)}`];
    const words = [
      nodeProgram(),
      job.program ?? "playwright",
      "test",
      ...flags,
      "--reporter=list,json",
      "--pass-with-no-tests",
    ];
    return Promise.resolve({
      command: [...words, ...name, ...(job.files ?? patterns.filter((word) => word !== "test"))],
      env: { ...nodeVariables(), PLAYWRIGHT_JSON_OUTPUT_NAME: report(job) },
    });
  },
  read: async (job) => {
    const text = await readReport(report(job));
    if (text === null) return noResults(false);
    const { config, suites, errors } = Report.parse(JSON.parse(text));
    return {
      ...noResults(true),
      tests: suites.flatMap((suite) => testsOf(suite, config.rootDir, [])),
      load_errors: errors
        .map(({ location, stack, message }) => ({
          file: location?.file ?? job.files?.[0] ?? "",
          message: stack ?? message ?? "",
        }))
        .filter(({ message }) => !nothingThere.test(message)),
    };
  },
};
