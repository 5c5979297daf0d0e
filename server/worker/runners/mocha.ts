import { join } from "node:path";
import { coverageFolder, readCoverageSummary } from "./coverage.ts";
import { eventsFile, readEvents } from "./events.ts";
import { namePattern } from "./names.ts";
import { installedProgram, nodeProgram, nodeVariables } from "./package.ts";
import { foldersOf, noResults, type ReportFolders, type RunnerAdapter, type TestJob } from "./runner.ts";
import { nodeFlags, splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";

export const mochaArguments: ArgumentRules = {
  valued: new Set(
    "--require -r --import --loader --config --package --extension --file --ignore --exclude --spec --ui -u --timeout -t --slow -s --retries --jobs -j --grep -g --fgrep -f --reporter -R --reporter-option --reporter-options -O --node-option -n --watch-files --watch-ignore".split(
      " ",
    ),
  ),
  dropped:
    /^(--reporter|-R|--reporter-options?|-O|--watch.*|-w|--bail|-b|--grep|-g|--fgrep|-f|--invert|-i|--dry-run|--colors?|-c|--no-colors?|-C|--forbid-.*|--diff|--no-diff|--parallel|-p)$/,
};

/** A function that undoes `bail` of the project's configuration. Tests that do not run could not be compared. */
export const runAllScript = `
const runAll = (suite) => {
  suite.bail(false);
  suite.suites.forEach(runAll);
};`;

/** Our own runs have few files. In one process, mocha says more about them. */
export const inOneProcess = "--no-parallel";

/**
 * Writes each event immediately for `events.ts`, so that the events of an interrupted run are not lost. With --require,
 * it also reports which test file is being loaded, because mocha loads all files before it creates its reporter and
 * ends at the first error. It ends a finished run even if a test has left something open.
 */
const reporter = `
"use strict";
const { appendFileSync, readFileSync, realpathSync } = require("node:fs");
const { dirname, join } = require("node:path");
// "bin/mocha.js", "lib/cli/cli.js" in a process of its own when there are flags for Node, or "lib/nodejs/worker.js" of
// --parallel.
const { Suite } = require(join(dirname(realpathSync(process.argv[1])).replace(/([\\/])(bin|lib[\\/](cli|nodejs))$/, "$1"), "."));
const tell = (event) => appendFileSync(process.env.CODITECT_TEST_EVENTS, JSON.stringify(event) + "\\n");
const GRACE_MS = 2000;
// With --parallel, other processes load the files, and mocha reports a file that throws as a test with this name.
const OUTSIDE = "Uncaught error outside test suite";
const reportUnloaded = (error) => {
  const message = String(error?.stack ?? error);
  const events = readFileSync(process.env.CODITECT_TEST_EVENTS, "utf8").split("\\n").filter(Boolean);
  const loading = events.map((line) => JSON.parse(line)).filter(({ type }) => type === "loading");
  const thrower = loading.find(({ file }) => message.includes(file));
  if (thrower === undefined) tell({ type: "error", name: OUTSIDE, message });
  else tell({ type: "load_error", file: thrower.file, message });
};
${runAllScript}
module.exports = function (runner) {
  if (!runner.isParallelMode?.()) runAll(runner.suite);
  const report = (test, status, error) =>
    tell({
      type: "test",
      file: test.file ?? test.ctx?.currentTest?.file ?? test.parent?.file ?? "",
      name: test.titlePath().join(" > "),
      status,
      duration_ms: test.duration ?? null,
      message: error ? String(error.stack ?? error.message ?? error).slice(0, 20000) : null,
    });
  tell({ type: "begin" });
  runner.on("pass", (test) => report(test, "passed"));
  runner.on("pending", (test) => report(test, "skipped"));
  runner.on("fail", (test, error) => {
    if (test.title === OUTSIDE && runner.isParallelMode?.()) reportUnloaded(error);
    else report(test, "failed", error);
  });
  runner.once("end", () => {
    tell({ type: "end" });
    setTimeout(() => process.exit(runner.failures > 0 ? 1 : 0), GRACE_MS).unref();
  });
};
const { emit } = Suite.prototype;
Suite.prototype.emit = function (event, ...args) {
  if (event === Suite.constants.EVENT_FILE_PRE_REQUIRE) tell({ type: "loading", file: args[1] });
  return emit.call(this, event, ...args);
};
`;

const reportFlags = ({ files }: ReportFolders): string[] => [
  `--require=${join(files, "mocha-reporter.cjs")}`,
  `--reporter=${join(files, "mocha-reporter.cjs")}`,
  // With `parallel`, the processes that run the files do not have our reporter's suites, and mocha itself ends the run.
  "--no-bail",
];

/** The command of c8 or nyc if one is installed, because mocha does not measure coverage. */
export const coverageCommand = (
  job: Pick<TestJob, "coverage" | "folder" | "reportFolder">,
): readonly string[] => {
  if (!job.coverage) return [];
  for (const [name, folderFlag] of [
    ["c8", "--reports-dir"],
    ["nyc", "--report-dir"],
  ] as const) {
    const program = installedProgram(job.folder, name);
    if (program === null) continue;
    const temporary = join(job.reportFolder, "raw");
    const flags = ["--reporter=json-summary", `${folderFlag}=${coverageFolder(job)}`];
    return [nodeProgram(), program, ...flags, `--temp-dir=${temporary}`, "--check-coverage=false"];
  }
  return [];
};

export const mocha: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/mocha\/(bin\/_?mocha(\.js)?|lib\/cli\/cli\.js)$/,
    rules: {
      ...mochaArguments,
      dropped: /^(--reporter|-R|--reporter-options?|-O|--watch.*|-w|--bail|-b)$/,
    },
    flags: reportFlags,
  },
  files: { "mocha-reporter.cjs": reporter },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, mochaArguments);
    return Promise.resolve({
      command: [
        ...coverageCommand(job),
        nodeProgram(),
        ...nodeFlags(job.script),
        job.program ?? "mocha",
        ...flags,
        inOneProcess,
        ...reportFlags(foldersOf(job)),
        ...(job.name === null ? [] : [`--grep=${namePattern(job.name)}`]),
        ...(job.files ?? patterns),
      ],
      env: {
        CODITECT_TEST_EVENTS: eventsFile(job),
        ...nodeVariables(),
      },
    });
  },

  read: async (job, ended) => {
    const { begun, loading, ...results } = await readEvents(job);
    if (begun) return { ...results, coverage: await readCoverageSummary(job) };
    if (ended.timed_out || ended.exit_code === null) return noResults(false);
    if (loading === null) return noResults(ended.output.includes("No test files found"));
    return { ...noResults(true), load_errors: [{ file: loading, message: ended.output }] };
  },
};
