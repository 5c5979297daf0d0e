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
import { detectRunner } from "./detect.ts";
import { jest } from "./jest.ts";
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
 * Runs the tests of the project in `root` with its own runner and reads the runner's own report.
 * How the tests went is data; errors: `no_test_runner`, `cancelled`.
 */
export async function runTests(root: string, request: TestRequest, signal: AbortSignal): Promise<TestReport> {
  const file = request.files?.[0] ?? null;
  const detected = request.command === null ? detectRunner(root, file) : userCommand(root, request.command);
  if (detected === null) throw fail("no_test_runner", { workspace: basename(root) });
  const reportFolder = await mkdtemp(join(tmpdir(), "coditect-tests-"));
  try {
    const files = request.files?.map((path) => relativePath(detected.folder, join(root, path))) ?? null;
    const { name, coverage } = request;
    const job: TestJob = { ...detected, files, name, coverage, reportFolder };
    return await runJob(root, job, request.timeout_seconds * 1000, signal);
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
  const instead = adapter.retry?.(job, ended) ?? null;
  if (instead !== null) return await runJob(root, instead, timeoutMs, signal);
  const results = await adapter.read(job, ended).catch(() => noResults(false));
  return describeResults(root, job, { command: words, ended, results });
}

/** The report when nothing was started, and why. */
function notRun(root: string, job: TestJob, complete: boolean, output: string): TestReport {
  const ended = { exit_code: null, signal: null, timed_out: false, output, duration_ms: 0 };
  return describeResults(root, job, { command: [job.runner], ended, results: noResults(complete) });
}
