import { basename, dirname, join } from "node:path";
import type { TestCase } from "../../../schemas/tests.ts";
import type { ProcessResult } from "../process.ts";
import { readReport } from "./events.ts";
import { qualifiedName, readJUnit, sourceFile, type JUnitCase } from "./junit.ts";
import { nameSeparator } from "./names.ts";
import { filesBelow, freshReports, reportFile } from "./report-files.ts";
import { noResults, type RunnerAdapter, type TestJob, type TestResults } from "./runner.ts";
import { splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";
import { testCase } from "./test-case.ts";
import { unloadedFile } from "./unloaded-file.ts";
import { exists } from "../../workspace/file-access.ts";

/** Runners that write JUnit's XML: how each is started, and where its report is. */

const oneReport = async (
  job: TestJob,
  name: (test: JUnitCase) => string,
  file: (test: JUnitCase) => string = (test) => test.file,
): Promise<TestResults> => {
  const xml = await readReport(reportFile(job));
  if (xml === null) return noResults(false);
  const tests = readJUnit(xml).map((test) => testCase(test, name(test), file(test)));
  return { ...noResults(true), tests };
};

/** Without a report: the file that could not be loaded, if the output names one. */
const unloaded = (job: TestJob, ended: ProcessResult): TestResults => {
  const file = unloadedFile(job, ended);
  return file === null
    ? noResults(false)
    : { ...noResults(true), load_errors: [{ file, message: ended.output }] };
};

const flagsOf = ({ script }: TestJob): string[] => script.args.filter((word) => word.startsWith("-"));

export const phpunit: RunnerAdapter = {
  launch: (job) => {
    const filter = job.name === null ? [] : ["--filter", job.name.split(nameSeparator).at(-1) ?? job.name];
    const command = [job.program ?? "phpunit", `--log-junit=${reportFile(job)}`, "--colors=never", ...filter];
    // PHPUnit takes one path; of several files the whole suite runs, and the others do not count.
    return Promise.resolve({ command: [...command, ...(job.files?.length === 1 ? job.files : [])], env: {} });
  },
  read: async (job, ended) => {
    const results = await oneReport(job, qualifiedName);
    const broken = /^PHP (?:Parse|Fatal) error:[^]*? in (\S+\.php)/m.exec(ended.output)?.[1];
    if (results.complete || broken === undefined) return results;
    return { ...noResults(true), load_errors: [{ file: broken, message: ended.output }] };
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

/** CTest runs what CMake built, so it is configured and built first, in a folder of its own. */
export const ctest: RunnerAdapter = {
  launch: (job) => {
    const folder = exists(`${job.folder}/build/CMakeCache.txt`) ? "build" : ".coditect-build";
    const name = job.name === null ? "" : ' -R "$1"';
    const steps = [
      `cmake -S . -B ${folder} >"$2" 2>&1 || { cat "$2"; exit 126; }`,
      `cmake --build ${folder} >"$2" 2>&1 || { cat "$2"; exit 125; }`,
      `exec ctest --test-dir ${folder} --output-on-failure --output-junit "$0"${name}`,
    ];
    const words = [reportFile(job), job.name ?? "", reportFile(job, "build.log")];
    return Promise.resolve({ command: ["/bin/sh", "-c", steps.join("; "), ...words], env: {} });
  },
  read: async (job, ended) => {
    const results = await oneReport(job, ({ name }) => name);
    const file = /^(.+?\.(?:c|cc|cpp|cxx|h|hpp)):\d+/m.exec(ended.output)?.[1];
    if (ended.exit_code !== 125) return results;
    return { ...noResults(true), load_errors: [{ file: file ?? "CMakeLists.txt", message: ended.output }] };
  },
};

const jvmSource = /\.(java|kt|groovy|scala)$/;

/** Reports of Surefire and Gradle name classes; their sources are below the package. */
const jvmResults = async (
  job: TestJob,
  reports: RegExp,
  durationMs: number,
  output: string,
): Promise<TestResults> => {
  const texts = await freshReports(job.folder, reports, durationMs);
  const sources = await filesBelow(job.folder, jvmSource);
  const tests = texts.flatMap(readJUnit).map((test): TestCase => {
    const file = sourceFile(sources, test.classname, ["java", "kt", "groovy", "scala"]);
    return testCase(test, qualifiedName(test), file);
  });
  const broken = [...output.matchAll(/(?:^\[ERROR\]|^e:|^)\s*(?:file:\/\/)?(\/\S+\.(?:java|kt)):/gm)].map(
    ([, file = ""]) => file,
  );
  const load_errors = tests.length > 0 ? [] : [...new Set(broken)].map((file) => ({ file, message: output }));
  return { ...noResults(tests.length > 0 || load_errors.length > 0), tests, load_errors };
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
      // Instances have no network: a missing dependency is reported at once.
      "--offline",
      "-Dstyle.color=never",
      ...flagsOf(job),
    ];
    return Promise.resolve({ command: [...command, ...chosen, "test"], env: {} });
  },
  read: (job, ended) =>
    jvmResults(job, /(^|\/)target\/surefire-reports\/TEST-.*\.xml$/, ended.duration_ms, ended.output),
};

/** The project of the build that a file belongs to, as Gradle writes it: `:app:` for `app/src/…`. */
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
    jvmResults(job, /(^|\/)build\/test-results\/[^/]+\/TEST-.*\.xml$/, ended.duration_ms, ended.output),
};
