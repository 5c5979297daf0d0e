import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestCase } from "../../../schemas/tests.ts";
import { readJUnit } from "./junit.ts";
import { nameSeparator } from "./names.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { filesBelow, reportFile } from "./report-files.ts";
import { noResults, type RunnerAdapter, type TestJob } from "./runner.ts";
import { splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";
import { testCase } from "./test-case.ts";

const rules: ArgumentRules = {
  valued: new Set(
    "--browser -b --config -c --config-file -C --env -e --port -p --project -P --spec -s".split(" "),
  ),
  dropped: /^(--reporter|-r|--reporter-options|-o|--spec|-s|--record|--key|--parallel|--headed|--no-exit)$/,
};

const reportFlags = (report: string): string[] => [
  "--reporter=junit",
  `--reporter-options=mochaFile=${join(report, "cypress-[hash].xml")},toConsole=false,useFullSuiteTitle=true,suiteTitleSeparatedBy=${nameSeparator}`,
];

/** Reads a report of Cypress, which writes one for each file. Its first suite names the file. */
export const readCypress = (xml: string): TestCase[] => {
  const file = /<testsuite [^>]*\bfile="([^"]*)"/.exec(xml)?.[1] ?? "";
  return readJUnit(xml).map((test) => {
    const suites = test.suite.replace(/^Root Suite(?: > )?/, "");
    return testCase(test, [suites, test.classname].filter((part) => part !== "").join(nameSeparator), file);
  });
};

/** Cypress reports a file that throws before its first test as one test with this name. */
const isUnloaded = ({ name, status }: TestCase): boolean =>
  status === "failed" && name.endsWith("An uncaught error was detected outside of a test");

/** Cypress. It runs component tests if the project has some and the script does not say otherwise. */
export const cypress: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/cypress\/bin\/cypress$/,
    onlyWith: ["run"],
    words: { open: "run" },
    rules,
    flags: ({ report }) => reportFlags(report),
  },
  launch: async (job: TestJob) => {
    const { flags } = splitArguments(job.script.args, rules);
    const isChosen = flags.some((flag) => flag === "--component" || flag === "--e2e");
    const kind = !isChosen && (await testsComponents(job)) ? ["--component"] : [];
    const files = job.files === null ? [] : ["--spec", job.files.join(",")];
    return {
      command: [
        ...[nodeProgram(), job.program ?? "cypress", "run", ...kind, ...flags],
        ...[...reportFlags(job.reportFolder), ...files],
      ],
      env: nodeVariables(),
    };
  },
  read: async (job) => {
    const paths = await filesBelow(job.reportFolder, /^cypress-.*\.xml$/, 0);
    const texts = await Promise.all(paths.map((path) => readFile(reportFile(job, path), "utf8")));
    const cases = texts.flatMap(readCypress);
    return {
      ...noResults(texts.length > 0),
      tests: cases.filter((test) => !isUnloaded(test)),
      load_errors: cases.filter(isUnloaded).map(({ file, message }) => ({ file, message: message ?? "" })),
    };
  },
};

/** Whether the files are component tests, which are outside the folder for end-to-end tests. */
const testsComponents = async ({ folder, files }: TestJob): Promise<boolean> => {
  if (files !== null) return files.every((file) => !/(^|\/)e2e\//.test(file));
  const [name] = await filesBelow(folder, /^cypress\.config\.[cm]?[jt]s$/, 0);
  return name !== undefined && /\bcomponent\s*:/.test(await readFile(join(folder, name), "utf8"));
};
