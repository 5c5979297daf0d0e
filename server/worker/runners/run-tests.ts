import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fail } from "../../../schemas/errors.ts";
import { byNames, type TestLayout } from "../../../schemas/test-layout.ts";
import type { TestProbe, TestReport } from "../../../schemas/tests.ts";
import type { WorkerParams } from "../../../schemas/worker.ts";
import { relativePath } from "../../workspace/paths.ts";
import type { StalePackages } from "../copy/stale.ts";
import { childEnvironment, runProcess, type ProcessResult } from "../process.ts";
import { reportsInside, watched } from "../witness/runners/adapters.ts";
import { unseenTampering } from "../witness/suspect-text.ts";
import { createWitness, mutantVariables, type Witness } from "../witness/witness.ts";
import { adapters, writeReporters } from "./adapters.ts";
import { buildFirst, buildLines, buildStale, missesBuild, runBuild } from "./build.ts";
import { shellCommand } from "./command.ts";
import { detectedCommand, endedEarly, missingRunner, wholeCommand } from "./own-command.ts";
import { detectRunner, detectSuite, isOfOtherLanguages, looseTests } from "./detect.ts";
import { packagesApart } from "./packages-apart.ts";
import { environmentProblem, missingProgram } from "./environment.ts";
import { mergeReports } from "./merge-reports.ts";
import { packageTestCommand } from "./package-script.ts";
import type { ProjectCommand } from "./project-command.ts";
import { runWithoutMemory } from "./remembered.ts";
import { pathWithPrograms, withPackages } from "./package.ts";
import { describeResults } from "./report.ts";
import { noResults, type DetectedRunner, type RunnerAdapter, type TestJob } from "./runner.ts";
import { exists } from "../../workspace/file-access.ts";

/** The requested tests, and which files of the workspace are tests. */
type TestRequest = WorkerParams<"tests/run"> & { layout: TestLayout };

/** The maximum output of a runner that is kept. */
const OUTPUT_BYTES = 64 * 1024;

/**
 * Runs the tests of the project in `root`, those of each package with its own runner, and reads the reports of the
 * runners. Failed tests are part of the result. Errors: `no_test_runner`, `cancelled`.
 */
export const runTests = async (
  root: string,
  request: WorkerParams<"tests/run">,
  signal: AbortSignal,
  stale?: StalePackages,
  layout: TestLayout = byNames,
): Promise<TestReport> => {
  const deadline = performance.now() + request.timeout_seconds * 1000;
  const failed = await buildStale(root, stale?.folders ?? [], deadline, signal);
  if (failed.length === 0) stale?.built();
  if (request.builds_only === true) return { ...withoutTests, errors: failed };
  const report = await runSuites(root, { ...request, layout }, deadline, signal);
  const environment = environmentProblem(root, report);
  return {
    ...report,
    errors: [...report.errors, ...failed],
    ...(environment !== null && { environment }),
  };
};

const runSuites = async (
  root: string,
  request: TestRequest,
  deadline: number,
  signal: AbortSignal,
): Promise<TestReport> => {
  const left = (): number => Math.max(1, deadline - performance.now());
  const own = await runOwn(root, request, left, signal);
  const { files, name, command: line, report } = request;
  if (files !== null || name !== null || line !== null || report !== undefined) return own;
  const reports: TestReport[] = [];
  for (const detected of packagesApart(root, own)) {
    const script = packageTestCommand(detected.folder);
    const work = (): Promise<TestReport> =>
      script === null
        ? runPart(root, { detected, files: null }, request, left(), signal)
        : runWhole(root, script, request, left(), signal);
    const report = await builtIfNeeded(root, detected.folder, work);
    if (report.tests.length > 0) reports.push(report);
  }
  return reports.length === 0 ? own : mergeReports([own, ...reports]);
};

/** Runs the tests of the project's own command. If it has none, runs those of its packages. */
const runOwn = async (
  root: string,
  request: TestRequest,
  left: () => number,
  signal: AbortSignal,
): Promise<TestReport> => {
  const whole = wholeCommand(root, request);
  const isGiven = request.command !== null || request.report !== undefined;
  const missing = whole === null || isGiven ? null : missingRunner(root);
  let early: TestReport["errors"] = [];
  if (whole !== null && missing === null) {
    const work = (): Promise<TestReport> => runWhole(root, whole, request, left(), signal);
    const report = await builtIfNeeded(root, root, work);
    const runners = (): DetectedRunner[] => partsOf(root, request).map(({ detected }) => detected);
    if (isGiven || !endedEarly(root, report, runners)) return report;
    const name = `${report.command.join(" ")} ended without running a test`;
    early = report.errors.length > 0 ? report.errors : [{ name, message: report.output }];
  }
  const reports: TestReport[] = [];
  for (const part of partsOf(root, request)) {
    const { runner, folder } = part.detected;
    // A script that cannot be split runs whole, and only the tests of these files count.
    const isWhole = runner === "command" || (part.files === null && folder !== root);
    const own = isWhole ? detectedCommand(part.detected) : null;
    const work = (): Promise<TestReport> =>
      own === null
        ? runPart(root, part, request, left(), signal)
        : runWhole(root, own, { ...request, files: part.files }, left(), signal);
    reports.push(await builtIfNeeded(root, folder, work));
  }
  const [first, ...others] = reports;
  if (first === undefined && (request.files !== null || isOfOtherLanguages(root)))
    throw fail("no_test_runner", { workspace: basename(root) });
  if (first === undefined) return withoutTests;
  const merged = mergeReports([first, ...others]);
  return whole === null
    ? merged
    : { ...merged, errors: [...merged.errors, ...early], without_own_command: true };
};

/** The report of a folder that has no tests yet and does not say how to test it. */
const withoutTests: TestReport = {
  runner: "command",
  command: [],
  outcome: "no_tests",
  exit_code: null,
  counts: { passed: 0, failed: 0, skipped: 0 },
  tests: [],
  load_errors: [],
  errors: [],
  parts: [],
  coverage: null,
  duration_ms: 0,
  output: "",
};

/** Builds the package and runs its tests again, if they need files that only a build creates. */
const builtIfNeeded = async (
  root: string,
  folder: string,
  work: () => Promise<TestReport>,
): Promise<TestReport> => {
  const report = await work();
  if (!missesBuild(root, folder, report)) return report;
  buildFirst(folder);
  return work();
};

const runWhole = (
  root: string,
  command: ProjectCommand,
  { files, coverage, probe, report }: TestRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TestReport> =>
  withReportFolder((reportFolder) =>
    runWithoutMemory(
      root,
      {
        ...command,
        lines: [...buildLines(command.folder), ...command.lines],
        env: { ...command.env, ...mutantVariables(probe?.mutant ?? null, command.env.NODE_OPTIONS) },
      },
      {
        reportFolder,
        files: files?.map((path) => join(root, path)) ?? null,
        coverage,
        report: report ?? null,
        timeoutMs,
        outputBytes: OUTPUT_BYTES,
      },
      signal,
    ),
  );

const withReportFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-tests-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** A runner, and the files of the workspace to run; null means all files of its package. */
interface SuitePart {
  detected: DetectedRunner;
  files: string[] | null;
}

/** Assigns each file to the runner of its package. */
const partsOf = (root: string, { files }: TestRequest): SuitePart[] => {
  if (files === null) {
    const suite = detectSuite(root).map((detected) => ({ detected, files: null }));
    return suite.length > 0 ? suite : byRunner(root, looseTests(root));
  }
  return byRunner(root, files);
};

const byRunner = (root: string, files: readonly string[]): SuitePart[] => {
  const parts = new Map<string, SuitePart & { files: string[] }>();
  for (const file of files) {
    const detected = detectRunner(root, file);
    if (detected === null) continue;
    const key = `${detected.runner} ${detected.folder}`;
    const part = parts.get(key) ?? { detected, files: [] };
    part.files.push(file);
    parts.set(key, part);
  }
  return [...parts.values()];
};

const runPart = (
  root: string,
  { detected, files }: SuitePart,
  { name, coverage, probe, layout }: TestRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TestReport> =>
  withReportFolder(async (reportFolder) => {
    const inPackage = files?.map((path) => relativePath(detected.folder, join(root, path))) ?? null;
    const { folder, script } = detected;
    const own = { ...script, env: withPackages(folder, script.env) };
    const job = { ...detected, script: own, files: inPackage, name, coverage, reportFolder };
    const isWatched = probe !== undefined && detected.runner in watched;
    const witness = isWatched
      ? createWitness(root, reportFolder, probe, reportsInside.has(detected.runner), layout)
      : null;
    const report = await runJob(root, job, witness, timeoutMs, signal);
    return isWatched ? watchedReport(root, report, probe, layout) : report;
  });

/** The report of a run with a witness, including what only the texts of the judged sources show. */
const watchedReport = (
  root: string,
  report: TestReport,
  { suspects }: TestProbe,
  layout: TestLayout,
): TestReport => {
  const tampering = [...(report.tampering ?? []), ...unseenTampering(root, suspects, layout)];
  return { ...report, watched: true, ...(tampering.length > 0 ? { tampering } : {}) };
};

const runJob = async (
  root: string,
  job: TestJob,
  witness: Witness | null,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TestReport> => {
  const files = job.files?.filter((file) => exists(join(job.folder, file))) ?? null;
  if (files?.length === 0) return notRun(root, job, true, "None of these test files exists.");
  if (job.program === null && job.runner !== "command") {
    const { problem, mend } = missingProgram(job);
    const named = job.source === undefined ? "" : `, but ${job.source} names it`;
    const environment = { problem: `${problem}${named}`, mend };
    return { ...notRun(root, job, false, `${environment.problem}. ${environment.mend}`), environment };
  }
  const started = performance.now();
  const failedBuild = await runBuild(job, buildLines(job.folder, job.before), timeoutMs, signal);
  if (failedBuild !== null) return notBuilt(root, job, failedBuild);
  const adapter = adapterFor(job, witness);
  await writeReporters(job.reportFolder, adapter.files);
  const { command: words, env } = await adapter.launch({ ...job, files });
  const [program = "", ...args] = words;
  const ended = await runProcess(
    {
      command: [program, ...args],
      cwd: job.folder,
      env: childEnvironment({ PATH: pathWithPrograms(job.folder), ...job.script.env, ...env }),
      timeout_ms: Math.max(1, timeoutMs - (performance.now() - started)),
      output_bytes: OUTPUT_BYTES,
    },
    signal,
  );
  // Whoever runs the tests again builds again.
  const duration_ms = Math.round(performance.now() - started);
  try {
    const results = await adapter.read(job, ended);
    // Reading a report that contains the runner's output adds it to `ended`.
    return describeResults(root, job, { command: words, ended: { ...ended, duration_ms }, results });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const output = `The report of ${job.runner} could not be read: ${reason}\n${ended.output}`;
    const results = noResults(false);
    return describeResults(root, job, { command: words, ended: { ...ended, duration_ms, output }, results });
  }
};

/** The runner's adapter. If there is a witness, it watches the run. */
const adapterFor = (job: TestJob, witness: Witness | null): RunnerAdapter => {
  const under = witness === null ? undefined : watched[job.runner];
  if (under === undefined || witness === null) return adapters[job.runner];
  return {
    launch: (given) => under.launch({ ...given, witness }),
    read: (given, ended) => under.read({ ...given, witness }, ended),
  };
};

/** The report if a build that tests need has failed, or did not end in time. No test file can be loaded then. */
const notBuilt = (
  root: string,
  detected: DetectedRunner,
  { line, ended }: { line: string; ended: ProcessResult },
): TestReport => {
  const job = { ...detected, files: null, name: null, coverage: false, reportFolder: detected.folder };
  const load_errors = [{ file: line, message: ended.output }];
  const results = ended.timed_out ? noResults(false) : { ...noResults(true), load_errors };
  return describeResults(root, job, { command: shellCommand(line), ended, results });
};

/** The report if nothing was started, with the reason. */
const notRun = (root: string, job: TestJob, complete: boolean, output: string): TestReport => {
  const ended = { exit_code: null, signal: null, timed_out: false, output, duration_ms: 0 };
  return describeResults(root, job, { command: [job.runner], ended, results: noResults(complete) });
};
