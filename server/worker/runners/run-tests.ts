import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fail } from "../../../schemas/errors.ts";
import type { TestReport, TestRunner } from "../../../schemas/tests.ts";
import type { WorkerParams } from "../../../schemas/worker.ts";
import { relativePath } from "../../workspace/paths.ts";
import { childEnvironment, runProcess } from "../process.ts";
import { command, shellCommand } from "./command.ts";
import { detectRunner, detectSuite } from "./detect.ts";
import { jest } from "./jest.ts";
import { mergeReports } from "./merge-reports.ts";
import { mocha } from "./mocha.ts";
import { nodeTest } from "./node-test.ts";
import { pathWithPrograms } from "./package.ts";
import { pytest } from "./pytest.ts";
import { describeResults } from "./report.ts";
import { noResults, type DetectedRunner, type RunnerAdapter, type TestJob } from "./runner.ts";
import { emptyScript } from "./script.ts";
import { vitest } from "./vitest.ts";

type TestRequest = WorkerParams<"tests/run">;

const adapters: Record<TestRunner, RunnerAdapter> = {
  vitest,
  jest,
  mocha,
  "node:test": nodeTest,
  pytest,
  command,
};

/** Longest output of a runner that is kept. */
const OUTPUT_BYTES = 64 * 1024;

/**
 * Runs the tests of the project in `root`, each package's with its own runner, and reads the
 * runners' own reports. How the tests went is data; errors: `no_test_runner`, `cancelled`.
 */
export async function runTests(root: string, request: TestRequest, signal: AbortSignal): Promise<TestReport> {
  const deadline = performance.now() + request.timeout_seconds * 1000;
  const reports: TestReport[] = [];
  for (const part of partsOf(root, request)) {
    const left = Math.max(1, deadline - performance.now());
    reports.push(await runPart(root, part, request, left, signal));
  }
  const [first, ...others] = reports;
  if (first === undefined) throw fail("no_test_runner", { workspace: basename(root) });
  return others.length === 0 ? first : mergeReports([first, ...others]);
}

/** A runner, and the files of the workspace it is to run; `null`: all of its package. */
interface SuitePart {
  detected: DetectedRunner;
  files: string[] | null;
}

/** Which runner runs what: the user's own command everything, else each file that of its package. */
function partsOf(root: string, { files, command: line }: TestRequest): SuitePart[] {
  if (line !== null) return [{ detected: userCommand(root, line), files }];
  if (files === null) return detectSuite(root).map((detected) => ({ detected, files: null }));
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
}

async function runPart(
  root: string,
  { detected, files }: SuitePart,
  { name, coverage }: TestRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TestReport> {
  const reportFolder = await mkdtemp(join(tmpdir(), "coditect-tests-"));
  try {
    const inPackage = files?.map((path) => relativePath(detected.folder, join(root, path))) ?? null;
    return await runJob(
      root,
      { ...detected, files: inPackage, name, coverage, reportFolder },
      timeoutMs,
      signal,
    );
  } finally {
    await rm(reportFolder, { recursive: true, force: true });
  }
}

const userCommand = (root: string, line: string): DetectedRunner => ({
  runner: "command",
  folder: root,
  program: null,
  script: { ...emptyScript, name: line, args: shellCommand(line) },
});

async function runJob(
  root: string,
  job: TestJob,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TestReport> {
  const files = job.files?.filter((file) => existsSync(join(job.folder, file))) ?? null;
  if (files?.length === 0) return notRun(root, job, true, "None of these test files exists.");
  if (job.program === null && job.runner !== "command") {
    return notRun(
      root,
      job,
      false,
      `${job.runner} is not installed in this project: install its dependencies.`,
    );
  }
  const adapter = adapters[job.runner];
  const { command: words, env } = await adapter.launch({ ...job, files });
  const [program = "", ...args] = words;
  const ended = await runProcess(
    {
      command: [program, ...args],
      cwd: job.folder,
      env: childEnvironment({ PATH: pathWithPrograms(job.folder), ...job.script.env, ...env }),
      timeout_ms: timeoutMs,
      output_bytes: OUTPUT_BYTES,
    },
    signal,
  );
  try {
    const results = await adapter.read(job, ended);
    return describeResults(root, job, { command: words, ended, results });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const output = `The report of ${job.runner} could not be read: ${reason}\n${ended.output}`;
    const results = noResults(false);
    return describeResults(root, job, { command: words, ended: { ...ended, output }, results });
  }
}

/** The report when nothing was started, and why. */
function notRun(root: string, job: TestJob, complete: boolean, output: string): TestReport {
  const ended = { exit_code: null, signal: null, timed_out: false, output, duration_ms: 0 };
  return describeResults(root, job, { command: [job.runner], ended, results: noResults(complete) });
}
