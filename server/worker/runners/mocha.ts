import { writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { classifyPath } from "../../workspace/classify.ts";
import { coverageFolder, readCoverageSummary } from "./coverage.ts";
import { eventsFile, readEvents } from "./events.ts";
import { namePattern } from "./names.ts";
import { installedProgram, nodeProgram, nodeVariables } from "./package.ts";
import { noResults, type RunnerAdapter, type TestJob, type TestResults } from "./runner.ts";
import { nodeFlags, splitArguments, type ArgumentRules } from "./script.ts";

const rules: ArgumentRules = {
  valued: new Set(
    "--require -r --import --loader --config --package --extension --file --ignore --exclude --spec --ui -u --timeout -t --slow -s --retries --jobs -j --grep -g --fgrep -f --reporter -R --reporter-option --reporter-options -O --node-option -n --watch-files --watch-ignore".split(
      " ",
    ),
  ),
  dropped:
    /^(--reporter|-R|--reporter-options?|-O|--watch.*|-w|--bail|-b|--grep|-g|--fgrep|-f|--invert|-i|--dry-run|--colors?|-c|--no-colors?|-C|--forbid-.*|--diff|--no-diff)$/,
};

/**
 * A reporter for mocha that tells its events as `events.ts` reads them, each at once, so that a run
 * that breaks off still tells what came before. Mocha makes it when every file is loaded. A test
 * that leaves something open must not keep a finished run waiting for its deadline.
 */
const reporter = `
"use strict";
const { appendFileSync } = require("node:fs");
const tell = (event) => appendFileSync(process.env.CODITECT_TEST_EVENTS, JSON.stringify(event) + "\\n");
const GRACE_MS = 2000;
module.exports = function (runner) {
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
  runner.on("fail", (test, error) => report(test, "failed", error));
  runner.once("end", () => {
    tell({ type: "end" });
    setTimeout(() => process.exit(runner.failures > 0 ? 1 : 0), GRACE_MS).unref();
  });
};
`;

/** c8 or nyc, where one is installed: mocha has no coverage of its own. */
function coverageCommand(job: TestJob): readonly string[] {
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
}

export const mocha: RunnerAdapter = {
  async launch(job) {
    const reporterFile = join(job.reportFolder, "reporter.cjs");
    await writeFile(reporterFile, reporter);
    const { flags, patterns } = splitArguments(job.script.args, rules);
    return {
      command: [
        ...coverageCommand(job),
        nodeProgram(),
        ...nodeFlags(job.script),
        job.program ?? "mocha",
        ...flags,
        `--reporter=${reporterFile}`,
        ...(job.name === null ? [] : [`--grep=${namePattern(job.name)}`]),
        ...(job.files ?? patterns),
      ],
      env: { CODITECT_TEST_EVENTS: eventsFile(job), ...nodeVariables() },
    };
  },

  async read(job, ended) {
    const { begun, ...results } = await readEvents(job);
    if (begun) return { ...results, coverage: await readCoverageSummary(job) };
    // It never came to its first test: mocha loads every file before, and ends at the first error.
    if (ended.timed_out || ended.exit_code === null) return noResults(false);
    return ended.exit_code === 0 || ended.output.includes("No test files found")
      ? noResults(true)
      : { ...noResults(true), load_errors: [loadError(job, ended.output)] };
  },
};

/** Mocha prints a load error and nothing else says it; the file is the first of the project's in it. */
function loadError(job: TestJob, output: string): TestResults["load_errors"][number] {
  const home = `${job.folder}${sep}`;
  const named = output
    .replaceAll(`${pathToFileURL(job.folder).href}/`, home)
    .split(home)
    .slice(1)
    .flatMap((rest) => /^[^\n:'"]+?\.[cm]?[jt]sx?\b/.exec(rest) ?? [])
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !path.includes("node_modules/"));
  const tests = named.filter((path) => job.files?.includes(path) ?? classifyPath(path) === "test");
  return { file: tests[0] ?? named[0] ?? job.files?.[0] ?? "", message: output };
}
