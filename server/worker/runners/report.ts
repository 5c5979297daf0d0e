import { realpathSync } from "node:fs";
import { basename, isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Coverage, TestCase, TestOutcome, TestReport, TestRunner } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { isWithin, relativePath } from "../../workspace/paths.ts";
import { statFile } from "../copy/stamp.ts";
import { cutMiddle } from "../output.ts";
import type { ProcessResult } from "../process.ts";
import { javaScriptFailure } from "./failures.ts";
import type { TestJob, TestResults } from "./runner.ts";

const LONGEST_MESSAGE = 4000;

/** A frame of a stack that does not belong to the project. */
const foreignFrame = /^\s*(at|❯) .*(node_modules|node:internal|\(node:|<anonymous>\)$)/;

/**
 * Converts results to the documented form. Paths are relative to the workspace, and messages have no colours, no paths
 * of this machine, and no frames of other code.
 */
export const describeResults = (
  root: string,
  job: TestJob,
  { command, ended, results }: { command: readonly string[]; ended: ProcessResult; results: TestResults },
): TestReport => {
  const paths = workspacePaths(root, job.folder);
  // Some runners run more files than requested.
  const isWanted = (file: string): boolean =>
    job.files === null ||
    file === "" ||
    job.files.some((wanted) => paths.relative(wanted) === paths.relative(file));
  const tests = results.tests
    .filter((test) => isWanted(test.file) && !(job.name !== null && test.status === "skipped"))
    .map((test) => ({
      ...test,
      file: paths.relative(test.file),
      name: paths.withoutPlaces(test.name),
      message: test.message === null ? null : paths.clean(test.message),
    }))
    .map((test) => withFailure(test, job.runner));
  const ran = new Set(tests.map(({ file }) => file));
  // If every requested file ran, a file that could not be loaded was not requested.
  const isAllRun = job.files?.every((file) => ran.has(paths.relative(file))) === true;
  const relevant = results.load_errors.filter(({ file }) => !isAllRun || isWanted(file));
  const load_errors = relevant.map(({ file, message }) => ({
    file: paths.relative(file),
    message: paths.clean(message),
  }));
  const errors = results.errors.map(({ name, message }) => ({
    name: paths.withoutPlaces(name),
    message: paths.clean(message),
  }));
  const count = (status: string) => tests.filter((test) => test.status === status).length;
  const counts = { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
  // The exit code can also come from a failure in another file, or from a file that could not be loaded.
  const isElsewhere =
    counts.failed === 0 &&
    (relevant.length < results.load_errors.length ||
      results.tests.some(({ file, status }) => status === "failed" && !isWanted(file)));
  const judged = isElsewhere ? { ...ended, exit_code: 0 } : ended;
  const outcome = outcomeOf(judged, results.complete, counts, load_errors.length, errors.length);
  const isUnexplained = outcome === "failed" && counts.failed === 0 && errors.length === 0;
  const output = paths.withoutPlaces(ended.output);
  if (isUnexplained) errors.push(unexplainedExit(job.runner, ended.exit_code, output));
  return {
    runner: job.runner,
    command: command.map((word) =>
      word === process.execPath
        ? basename(word)
        : paths.withoutPlaces(word).replaceAll(job.reportFolder, "<report>"),
    ),
    outcome,
    exit_code: ended.exit_code,
    counts,
    tests,
    load_errors,
    errors,
    parts: [{ name: partName(paths.relative(job.folder), job), exit_code: ended.exit_code }],
    coverage: results.coverage === null ? null : sumCoverage(results.coverage, paths.relative),
    duration_ms: ended.duration_ms,
    output,
    ...(results.left_out === undefined || results.left_out.length === 0
      ? {}
      : { left_out: results.left_out.map((each) => ({ ...each, file: paths.relative(each.file) })) }),
    ...(results.mutants === undefined || results.mutants.length === 0 ? {} : { mutants: results.mutants }),
    ...(results.reached === undefined || results.reached.length === 0
      ? {}
      : { reached: results.reached.map((place) => ({ ...place, file: paths.relative(place.file) })) }),
    ...(results.tampering === undefined || results.tampering.length === 0
      ? {}
      : { tampering: results.tampering }),
  };
};

/** JavaScript runners of which only the message of a failed test is known. */
const tellsByMessage: ReadonlySet<TestRunner> = new Set<TestRunner>([
  "ava",
  "jasmine",
  "tap",
  "tape",
  "uvu",
  "karma",
  "playwright",
  "cypress",
  "bun",
  "deno",
]);

/** The test, and why it failed if its message shows this. */
const withFailure = (test: TestCase, runner: TestRunner): TestCase => {
  if (test.status !== "failed" || test.failure !== undefined || !tellsByMessage.has(runner)) return test;
  const failure = javaScriptFailure(test.message ?? "");
  return failure === undefined ? test : { ...test, failure };
};

/** The error if a runner failed although each test passed, for example because of a threshold. */
const unexplainedExit = (what: string, exitCode: number | null, output: string) => ({
  name: `${what} ended with exit code ${exitCode ?? "none"} although no test failed`,
  message: cutMiddle(output.trim(), LONGEST_MESSAGE),
});

/** The name of a part, without test files: a shell expands `test/*.js`, so that they change with each new test. */
const partName = (folder: string, job: TestJob): string => {
  const { runner, script } = job;
  const words = script.args.filter((word) => !namesFiles(job.folder, word));
  return [runner, ...(folder === "" ? [] : [`in ${folder}`]), ...words].join(" ");
};

const namesFiles = (folder: string, word: string): boolean =>
  !word.startsWith("-") && (/[*?[\]{}]/.test(word) || statFile(resolve(folder, word))?.isFile() === true);

/** The outcome of a run, by the same rules for every runner. See {@link TestOutcome}. */
export const outcomeOf = (
  ended: Pick<ProcessResult, "timed_out" | "exit_code">,
  complete: boolean,
  counts: TestReport["counts"],
  loadErrors: number,
  errors = 0,
): TestOutcome => {
  if (ended.timed_out && !complete) return "timed_out";
  if (loadErrors > 0) return "load_error";
  if (!complete) return "crashed";
  if (counts.failed + errors > 0) return "failed";
  if (counts.passed === 0) return "no_tests";
  // The error is outside of all tests.
  return ended.exit_code === 0 || ended.timed_out ? "passed" : "failed";
};

const workspacePaths = (root: string, folder: string) => {
  const roots = [...new Set([root, realpathSync.native(root)])];
  const places = roots.flatMap((at) => [`${pathToFileURL(at).href}/`, `file://${at}/`, `${at}/`, `${at}\\`]);

  const relative = (path: string): string => {
    if (path === "") return path;
    const absolute = path.startsWith("file:") ? fileURLToPath(path) : resolve(folder, path);
    const home = roots.find((at) => isWithin(at, absolute));
    return home === undefined ? path : relativePath(home, absolute);
  };
  const withoutPlaces = (text: string): string =>
    places.reduce((kept, place) => kept.replaceAll(place, ""), stripVTControlCharacters(text));
  const clean = (message: string): string => {
    const lines = withoutPlaces(message).split("\n");
    return cutMiddle(
      lines
        .filter((line) => !foreignFrame.test(line))
        .join("\n")
        .trim(),
      LONGEST_MESSAGE,
    );
  };
  return { relative, withoutPlaces, clean };
};

/** The coverage of the workspace's own files without its tests, and their sum. */
const sumCoverage = (files: Coverage["files"], relative: (path: string) => string): Coverage => {
  const own = Object.entries(files)
    .map(([path, lines]) => [relative(path), lines] as const)
    .filter(
      ([path]) => !isAbsolute(path) && !path.includes("node_modules/") && classifyPath(path) === "source",
    );
  return {
    covered: own.reduce((sum, [, { covered }]) => sum + covered, 0),
    total: own.reduce((sum, [, { total }]) => sum + total, 0),
    files: Object.fromEntries(own),
  };
};
