import { basename, dirname, join } from "node:path";
import type { ProcessResult } from "../process.ts";
import { readReport } from "./events.ts";
import { classSources } from "./class-sources.ts";
import { jvmFailure, phpFailure } from "./failures.ts";
import { jvmFrames } from "./project-frames.ts";
import { readJUnit, type JUnitCase } from "./junit.ts";
import { nameSeparator } from "./names.ts";
import { filesBelow, freshReports, reportFile } from "./report-files.ts";
import { noResults, type RunnerAdapter, type TestJob, type TestResults } from "./runner.ts";
import { splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";
import { unloadedFile } from "./unloaded-file.ts";
import { ofJvmClass, ofPhpClass, resultsOfCases, withoutRetries } from "./whole-class.ts";
import { exists } from "../../workspace/file-access.ts";

/** Runners that write JUnit's XML. Their adapters say how to start each, and where its report is. */

/** The report of a run; null if there is none, or the process ended before it had written to the file. */
const writtenReport = async (job: TestJob): Promise<string | null> => {
  const xml = await readReport(reportFile(job));
  return xml?.trim() === "" ? null : xml;
};

export const oneReport = async (
  job: TestJob,
  name?: (test: JUnitCase) => string,
  file: (test: JUnitCase) => string = (test) => test.file,
): Promise<TestResults> => {
  const xml = await writtenReport(job);
  if (xml === null) return noResults(false);
  return { ...noResults(true), ...resultsOfCases(readJUnit(xml), file, name === undefined ? {} : { name }) };
};

/** The results without a report. If the output names a file that could not be loaded, they contain it. */
const unloaded = (job: TestJob, ended: ProcessResult): TestResults => {
  const file = unloadedFile(job, ended);
  return file === null
    ? noResults(false)
    : { ...noResults(true), load_errors: [{ file, message: ended.output }] };
};

const flagsOf = ({ script }: TestJob): string[] => script.args.filter((word) => word.startsWith("-"));

/** PHPUnit reports a test without assertions as an error, but lets it pass. */
const isRisky = ({ failureType }: JUnitCase): boolean => /(^|\\)RiskyTestError$/.test(failureType);

/** A class without tests, such as a base class. It is an error only if the project says so. */
const isEmptyClass = ({ classname, message }: JUnitCase): boolean =>
  classname === "" && /^No tests found in class /m.test(message ?? "");

const phpunitResults = async (job: TestJob, exitCode: number | null): Promise<TestResults> => {
  const xml = await writtenReport(job);
  if (xml === null) return noResults(false);
  const cases = readJUnit(xml)
    .filter((test) => exitCode !== 0 || !isEmptyClass(test))
    .map((test): JUnitCase => {
      if (isRisky(test)) return { ...test, status: "passed", message: null };
      if (test.status !== "failed") return test;
      return { ...test, failure: phpFailure(test.failureType, test.message ?? "") };
    });
  return {
    ...noResults(true),
    ...resultsOfCases(cases, ({ file }) => file, { isOfWholeClass: ofPhpClass }),
  };
};

/** Whether tests ended the process: PHPUnit started, and nothing else explains that there is no report. */
const endedByTest = ({ exit_code, output }: ProcessResult): boolean =>
  /^PHPUnit \d/m.test(output) &&
  !/^No tests (executed|found)/m.test(output) &&
  (exit_code === 0 || /^[.FEWIRSDN]+\s*$/m.test(output));

const endOfPhpunit = ({ output }: ProcessResult) => ({
  name: "a test or the code under test ended the process before all tests ran",
  message: output,
});

export const phpunit: RunnerAdapter = {
  launch: (job) => {
    const filter = job.name === null ? [] : ["--filter", job.name.split(nameSeparator).at(-1) ?? job.name];
    const command = [job.program ?? "phpunit", `--log-junit=${reportFile(job)}`, "--colors=never", ...filter];
    // PHPUnit takes one path. For several files, the whole suite runs, and other files do not count.
    return Promise.resolve({ command: [...command, ...(job.files?.length === 1 ? job.files : [])], env: {} });
  },
  read: async (job, ended) => {
    const results = await phpunitResults(job, ended.exit_code);
    const broken = /^PHP (?:Parse|Fatal) error:[^]*? in (\/[^\n]{1,1000}?\.php)(?: on line |:)\d/m.exec(
      ended.output,
    )?.[1];
    if (results.complete) return results;
    if (broken !== undefined)
      return { ...noResults(true), load_errors: [{ file: broken, message: ended.output }] };
    return endedByTest(ended) ? { ...results, complete: true, errors: [endOfPhpunit(ended)] } : results;
  },
};

const bunRules: ArgumentRules = {
  valued: new Set(
    "--timeout --preload -r --rerun-each --coverage-reporter --coverage-dir --test-name-pattern -t --reporter --reporter-outfile --bail".split(
      " ",
    ),
  ),
  dropped: /^(--reporter|--reporter-outfile|--bail|--watch|--hot|--update-snapshots|-u)$/,
};

const bunReport = (report: string): string[] => ["--reporter=junit", `--reporter-outfile=${report}`];

export const bun: RunnerAdapter = {
  hook: {
    main: /^$/,
    program: "bun",
    onlyWith: ["test"],
    rules: bunRules,
    flags: ({ report }) => bunReport(join(report, "report.xml")),
  },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, bunRules);
    const name = job.name === null ? [] : [`--test-name-pattern=${job.name.split(nameSeparator).join(" ")}`];
    const files = job.files?.map((file) => `./${file}`) ?? patterns.filter((word) => word !== "test");
    return Promise.resolve({
      command: [job.program ?? "bun", "test", ...flags, ...bunReport(reportFile(job)), ...name, ...files],
      env: {},
    });
  },
  read: async (job, ended) => {
    const nameOf = ({ classname, name }: JUnitCase): string =>
      classname === "" ? name : `${classname}${nameSeparator}${name}`;
    const results = await oneReport(job, nameOf);
    return results.complete ? results : unloaded(job, ended);
  },
};

const denoRules: ArgumentRules = {
  valued: new Set("--filter --config -c --import-map --reporter --junit-path".split(" ")),
  dropped: /^(--reporter|--junit-path|--watch.*|--fail-fast)$/,
};

export const deno: RunnerAdapter = {
  hook: {
    main: /^$/,
    program: "deno",
    onlyWith: ["test"],
    rules: denoRules,
    flags: ({ report }) => [`--junit-path=${join(report, "report.xml")}`],
  },
  launch: (job) => {
    const { flags: own, patterns } = splitArguments(job.script.args, denoRules);
    const name = job.name === null ? [] : [`--filter=${job.name}`];
    const flags = ["--no-prompt", ...own, ...name, `--junit-path=${reportFile(job)}`];
    const files = job.files ?? patterns.filter((word) => word !== "test");
    return Promise.resolve({
      command: [job.program ?? "deno", "test", ...flags, ...files],
      env: { DENO_NO_UPDATE_CHECK: "1" },
    });
  },
  read: async (job, ended) => {
    const results = await oneReport(
      job,
      ({ name }) => name,
      ({ file, classname }) => (file === "" ? classname.replace(/^\.\//, "") : file),
    );
    return results.complete ? results : unloaded(job, ended);
  },
};

const jvmExtensions = ["java", "kt", "groovy", "scala"];
const jvmSource = /\.(java|kt|groovy|scala)$/;

/** The name of a task, which Gradle 4 prints on the line of the first error. */
const taskBefore = /^:[\w:.-]+(?=e: |\/)/;

/** How the compilers of Maven and Gradle begin an error in a file. */
const uncompiled =
  /^(?:\[ERROR\]|e:) ?(?:file:\/\/)?(\/[^\n]+?\.(?:java|kt|groovy|scala)):|^(\/[^\n]+?\.java):\d+: error:|^(\/[^\n]+?\.groovy): \d+: /;

/** A line that no longer belongs to the error before it. */
const afterError =
  /^(?:\[(?:INFO|WARNING)\]|\[ERROR\](?! {3})|\d+ (?:errors?|warnings?)$|w: |FAILURE: |> Task )/;

/** Files that could not be compiled, each with the compiler's errors. */
const uncompiledFiles = (output: string): TestResults["load_errors"] => {
  const errors = new Map<string, string[][]>();
  let error: string[] | null = null;
  for (const printed of output.split("\n")) {
    const line = printed.replace(taskBefore, "");
    const [, maven, javac, groovy] = uncompiled.exec(line) ?? [];
    const file = maven ?? javac ?? groovy;
    if (file !== undefined) errors.set(file, [...(errors.get(file) ?? []), (error = [line])]);
    else if (afterError.test(line)) error = null;
    else error?.push(line.replace(/^\[ERROR\](?= )/, "").replace(/^ {3}(?=\S)/, "  "));
  }
  // Maven repeats each error at its end.
  return [...errors].map(([file, said]) => ({
    file,
    message: [...new Set(said.map((lines) => lines.join("\n").trimEnd()))].join("\n"),
  }));
};

/**
 * Surefire and Gradle report classes. The sources of a class are in the same module as its report. A module
 * whose tests cannot be compiled has no report, even if the tests of other modules ran.
 */
const jvmResults = async (
  job: TestJob,
  place: RegExp,
  { duration_ms, output, exit_code }: ProcessResult,
  isAssertionError: (test: JUnitCase) => boolean,
): Promise<TestResults> => {
  const reports = await freshReports(job.folder, place, duration_ms);
  const sources = await filesBelow(job.folder, jvmSource);
  const modules = reports.map(({ path, text }) => {
    const found = place.exec(path);
    const module = path.slice(0, (found?.index ?? 0) + (found?.[1]?.length ?? 0));
    const own = sources.filter((source) => source.startsWith(module));
    return { cases: readJUnit(text), find: classSources(job.folder, own, jvmExtensions) };
  });
  const files = new Map(
    modules.flatMap(({ cases, find }) => cases.map((test) => [test, find(test.classname)])),
  );
  const shortened = jvmFrames(job.folder, sources);
  const reasoned = new Map(
    withoutRetries([...files.keys()], { exit_code, output }).map((test) => {
      const file = files.get(test) ?? "";
      if (test.status !== "failed") return [test, file];
      const message = shortened(test.message ?? "");
      const failure = jvmFailure(test.failureType, message, isAssertionError(test));
      return [{ ...test, message, ...(failure !== undefined && { failure }) }, file];
    }),
  );
  const cases = [...reasoned.keys()];
  const { tests, load_errors, errors } = resultsOfCases(cases, (test) => reasoned.get(test) ?? "", {
    isOfWholeClass: ofJvmClass,
  });
  if (exit_code !== 0) load_errors.push(...uncompiledFiles(output));
  return { ...noResults(cases.length + load_errors.length > 0), tests, load_errors, errors };
};

const classOf = (file: string): string => basename(file).replace(/\.\w+$/, "");

export const maven: RunnerAdapter = {
  launch: (job) => {
    const classes = job.files?.map(classOf).join(",");
    const chosen =
      classes === undefined
        ? []
        : [`-Dtest=${classes}`, "-Dsurefire.failIfNoSpecifiedTests=false", "-DfailIfNoTests=false"];
    const command = [
      job.program ?? "mvn",
      "--batch-mode",
      "--fail-at-end",
      // Instances have no network. With this flag, a missing dependency is reported at once.
      "--offline",
      "-Dstyle.color=never",
      ...flagsOf(job),
    ];
    return Promise.resolve({ command: [...command, ...chosen, "test"], env: {} });
  },
  read: (job, ended) =>
    jvmResults(job, /(^|\/)target\/surefire-reports\/TEST-.*\.xml$/, ended, ({ isError }) => !isError),
};

/** The Gradle project that a file belongs to, such as `:app:` for `app/src/…`. */
const gradleProject = (root: string, file: string): string => {
  for (let folder = dirname(file); folder !== "."; folder = dirname(folder))
    if (exists(join(root, folder, "build.gradle")) || exists(join(root, folder, "build.gradle.kts")))
      return `:${folder.replaceAll("/", ":")}:`;
  return "";
};

export const gradle: RunnerAdapter = {
  launch: (job) => {
    const chosen = (job.files ?? []).flatMap((file) => [
      `${gradleProject(job.folder, file)}cleanTest`,
      `${gradleProject(job.folder, file)}test`,
      ...["--tests", `*${classOf(file)}`],
    ]);
    const command = [
      job.program ?? "gradle",
      "--no-daemon",
      "--offline",
      "--continue",
      "--console=plain",
      ...flagsOf(job),
    ];
    const tasks = chosen.length === 0 ? ["cleanTest", "test"] : chosen;
    return Promise.resolve({ command: [...command, ...tasks], env: {} });
  },
  read: (job, ended) =>
    jvmResults(job, /(^|\/)build\/test-results\/[^/]+\/TEST-.*\.xml$/, ended, () => false),
};
