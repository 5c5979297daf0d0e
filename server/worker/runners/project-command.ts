import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { z } from "zod";
import { TestRunner, type TestReport } from "../../../schemas/tests.ts";
import { relativePath } from "../../workspace/paths.ts";
import { childEnvironment, runProcess, type ProcessResult } from "../process.ts";
import { adapters, writeReporters } from "./adapters.ts";
import { command, shellCommand } from "./command.ts";
import { readCoverageSummary } from "./coverage.ts";
import { modulePath } from "./detect-python.ts";
import { forgetEarlierRuns, withoutCaches } from "./earlier-runs.ts";
import { hookText, programsFolder } from "./hook.ts";
import { monorepoTools, withoutBail } from "./monorepo-tools.ts";
import { mergeReports } from "./merge-reports.ts";
import { coverageCommand } from "./mocha.ts";
import { foldersUp, nodeProgram, nodeVariables, pathWithPrograms, programOnPath } from "./package.ts";
import { keepingOutput, readNamedReport, removeReports } from "./named-report.ts";
import { describeResults } from "./report.ts";
import { noResults, type TestJob } from "./runner.ts";
import { emptyScript } from "../../workspace/test-script.ts";
import { exists } from "../../workspace/file-access.ts";

/** The command with which a person tests a project. */
export interface ProjectCommand {
  /** The absolute path of the folder in which it runs. */
  folder: string;
  /** The command as a person types it. */
  shown: readonly string[];
  /** Lines for a shell. They run one after the other until one fails. */
  lines: readonly string[];
  /** The variables that the package manager sets for a script. */
  env: Record<string, string>;
}

export interface CommandRun {
  /** The absolute path of the folder for reports, outside the workspace. */
  reportFolder: string;
  /** Absolute paths of the files whose tests count; null means all. */
  files: readonly string[] | null;
  coverage: boolean;
  /** The user's name for the report of the command; null means the reports of the runners that it starts. */
  report: string | null;
  timeoutMs: number;
  /** The maximum output that is kept. */
  outputBytes: number;
}

/** What a process of a runner writes when it begins. See `hook.ts`. */
const Part = z.object({ runner: TestRunner, folder: z.string(), args: z.array(z.string()) });

/**
 * Runs the project's own test command unchanged, and reads the report of every runner that it starts. The exit code
 * decides: if no test explains it, it counts as an error. Without any report, the command counts as one test; see
 * `command.ts`. Errors: `cancelled`, `worker_failed`.
 */
export const runProjectCommand = async (
  root: string,
  project: ProjectCommand,
  run: CommandRun,
  signal: AbortSignal,
): Promise<TestReport> => {
  const env = await reportingEnvironment(project, run);
  await forgetEarlierRuns(root, project.folder);
  if (run.report !== null) return runForReport(root, project, { ...run, report: run.report }, env, signal);
  const ended = await runLines(project, run, env, signal);
  const reports = await readParts(root, project, run, ended);
  const [first, ...others] = reports;
  if (first === undefined) return bareReport(root, project, run, ended);
  const merged = mergeReports([first, ...others]);
  const whole = withLastWord({ ...merged, command: [...project.shown] }, ended);
  return { ...whole, duration_ms: ended.duration_ms };
};

const runForReport = async (
  root: string,
  { shown, ...project }: ProjectCommand,
  { report, ...run }: CommandRun & { report: string },
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<TestReport> => {
  await removeReports(project.folder, report);
  const lines = project.lines.map((line) => keepingOutput(line, report, run.reportFolder));
  const ended = await runLines({ ...project, shown, lines }, { ...run, report }, env, signal);
  const files = run.files?.map((path) => relativePath(project.folder, path)) ?? null;
  const { folder } = project;
  const { reportFolder, coverage } = run;
  const job = { folder, program: null, script: emptyScript, files, name: null, coverage, reportFolder };
  const told = await readNamedReport(root, job, report, { command: shown, ended });
  return withLastWord(told, ended);
};

const reportingEnvironment = async (
  project: ProjectCommand,
  { reportFolder, coverage }: CommandRun,
): Promise<Record<string, string>> => {
  const hooks: Parameters<typeof hookText>[1][number][] = monorepoTools.map((hook) => ({
    runner: null,
    hook,
  }));
  for (const [runner, { hook, files }] of Object.entries(adapters)) {
    await writeReporters(reportFolder, files);
    if (hook !== undefined) hooks.push({ runner: TestRunner.parse(runner), hook });
  }
  const hookFile = join(reportFolder, "hook.cjs");
  await writeFile(hookFile, hookText(reportFolder, hooks, coverage));
  await mkdir(join(reportFolder, "parts"));
  return childEnvironment({
    ...withoutCaches,
    ...withoutBail(project.folder),
    // Task keeps there what its tasks ran on.
    TASK_TEMP_DIR: join(reportFolder, "task"),
    ...project.env,
    ...nodeVariables(),
    PATH: [
      ...(await ownNode(reportFolder, project.folder, hookFile)),
      ...(await changedPrograms(reportFolder, project.folder)),
      pathWithPrograms(project.folder),
    ].join(delimiter),
    NODE_OPTIONS: [`--require ${JSON.stringify(hookFile)}`, project.env.NODE_OPTIONS ?? ""].join(" ").trim(),
    PYTEST_ADDOPTS: `-p coditect_reporter -o cache_dir=${join(reportFolder, "cache")}`,
    PYTHONPATH: modulePath(project.folder, reportFolder),
    PYTHONDONTWRITEBYTECODE: "1",
    ...passedByTox,
    CODITECT_PARTS: join(reportFolder, "parts"),
  });
};

const throughTox = ["PYTEST_ADDOPTS", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "CODITECT_*"];

/** tox gives the tests only the variables that these name: the first for tox 3, the second since tox 4.11. */
const passedByTox = {
  TOX_TESTENV_PASSENV: throughTox.join(" "),
  TOX_OVERRIDE: ["testenv", "env_run_base"]
    .map((section) => `${section}.pass_env+=${throughTox.join(",")}`)
    .join(";"),
};

/** A folder of scripts that start runners which are not Node scripts, so that `hook.ts` can change them. */
const changedPrograms = async (reportFolder: string, folder: string): Promise<string[]> => {
  if (process.platform === "win32") return [];
  const programs = programsFolder(reportFolder);
  await mkdir(programs);
  for (const { hook } of Object.values(adapters)) {
    const program = hook?.program;
    const own = program === undefined ? null : programOnPath(program, folder);
    if (program === undefined || own === null) continue;
    const script = `#!${nodeProgram()}
const { spawnSync } = require("node:child_process");
const { status } = spawnSync(${JSON.stringify(own)}, process.argv.slice(2), { stdio: "inherit" });
process.exit(status ?? 1);
`;
    await writeFile(join(programs, program), script, { mode: 0o755 });
  }
  return [programs];
};

/**
 * A folder in which `node` is the Node of the project's packages, or the usual Node for tests. It loads the hook even
 * if a script sets its own NODE_OPTIONS (`NODE_OPTIONS=--experimental-vm-modules jest`).
 */
const ownNode = async (reportFolder: string, project: string, hookFile: string): Promise<string[]> => {
  const packaged = [...foldersUp(project)].map((folder) => join(folder, "node_modules", ".bin", "node"));
  const program = packaged.find((path) => exists(path)) ?? nodeProgram();
  if (process.platform === "win32" || !/^node\b/.test(basename(program))) return [];
  const folder = join(reportFolder, "bin");
  await mkdir(folder);
  const script = `#!/bin/sh
case "$NODE_OPTIONS" in
  *'${hookFile}'*) ;;
  *) NODE_OPTIONS='--require ${JSON.stringify(hookFile)}'" $NODE_OPTIONS"; export NODE_OPTIONS ;;
esac
exec '${program}' "$@"
`;
  await writeFile(join(folder, "node"), script, { mode: 0o755 });
  return [folder];
};

const runLines = async (
  { folder, lines }: ProjectCommand,
  { timeoutMs, outputBytes, ...run }: CommandRun,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<ProcessResult> => {
  const started = performance.now();
  let last: ProcessResult = { exit_code: 0, signal: null, timed_out: false, output: "", duration_ms: 0 };
  const measured =
    !lines.some((line) => /\b(c8|nyc)\b/.test(line)) && lines.some((line) => /\bmocha\b/.test(line));
  const wrapper = measured ? coverageCommand({ ...run, folder }) : [];
  for (const line of lines) {
    const [program = "", ...args] = [...wrapper, ...shellCommand(line)];
    const left = Math.max(1, timeoutMs - (performance.now() - started));
    const request = { command: [program, ...args] as const, cwd: folder, env, timeout_ms: left };
    const ended = await runProcess({ ...request, output_bytes: outputBytes }, signal);
    last = { ...ended, output: last.output + ended.output };
    if (ended.exit_code !== 0) break;
  }
  return { ...last, duration_ms: performance.now() - started };
};

const readParts = async (
  root: string,
  project: ProjectCommand,
  run: CommandRun,
  ended: ProcessResult,
): Promise<TestReport[]> => {
  const parts = join(run.reportFolder, "parts");
  const reports: TestReport[] = [];
  for (const name of (await readdir(parts)).sort()) {
    const reportFolder = join(parts, name);
    const part = Part.parse(JSON.parse(await readFile(join(reportFolder, "part.json"), "utf8")));
    const exit = await readFile(join(reportFolder, "exit"), "utf8").catch(() => null);
    const job: TestJob = {
      runner: part.runner,
      folder: part.folder,
      program: null,
      script: { ...emptyScript, args: part.args },
      files: run.files?.map((path) => relativePath(part.folder, path)) ?? null,
      name: null,
      coverage: run.coverage,
      reportFolder,
    };
    const partEnded: ProcessResult = {
      ...ended,
      exit_code: exit === null ? null : Number(exit),
      timed_out: exit === null && ended.timed_out,
    };
    const results = await adapters[part.runner].read(job, partEnded).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      partEnded.output = `The report of ${part.runner} could not be read: ${reason}\n${ended.output}`;
      return noResults(false);
    });
    const coverage = run.coverage ? (results.coverage ?? (await readCoverageSummary(run))) : null;
    reports.push(
      describeResults(root, job, {
        command: project.shown,
        ended: partEnded,
        results: { ...results, coverage },
      }),
    );
  }
  return reports;
};

/** Adds the exit code of the whole command to the report, if no test and no error of a part explains it. */
const withLastWord = (report: TestReport, ended: ProcessResult): TestReport => {
  const isExplained = report.outcome !== "passed" && report.outcome !== "no_tests";
  const whole = { ...report, exit_code: ended.exit_code };
  if (ended.exit_code === 0 || isExplained) return whole;
  const name = `${report.command.join(" ")} ended with exit code ${ended.exit_code ?? "none"} although no test failed`;
  return {
    ...whole,
    outcome: ended.timed_out ? "timed_out" : "failed",
    errors: [...report.errors, { name, message: ended.output.slice(-4000).trim() }],
  };
};

/** The report of a command that started no known runner. It only has an exit code. */
const bareReport = async (
  root: string,
  { folder, shown, lines }: ProjectCommand,
  { reportFolder, coverage }: CommandRun,
  ended: ProcessResult,
): Promise<TestReport> => {
  const job: TestJob = {
    runner: "command",
    folder,
    program: null,
    script: { ...emptyScript, name: shown[0] === "npm" ? shown.join(" ") : lines.join(" && ") },
    files: null,
    name: null,
    coverage,
    reportFolder,
  };
  const results = await command.read(job, ended);
  return describeResults(root, job, { command: shown, ended, results });
};
