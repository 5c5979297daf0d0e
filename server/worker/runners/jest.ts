import { coverageFolder } from "./coverage.ts";
import { jestReportFile, readJestReport } from "./jest-report.ts";
import { namePattern } from "./names.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { noResults, type RunnerAdapter, type TestJob } from "./runner.ts";
import { nodeFlags, splitArguments, type ArgumentRules } from "./script.ts";

const rules: ArgumentRules = {
  valued: new Set(
    "--config -c --rootDir --roots --env --testEnvironment --testTimeout --maxWorkers -w --selectProjects --testMatch --testRegex --testPathPatterns --testPathPattern --testPathIgnorePatterns --testNamePattern -t --reporters --outputFile --coverageReporters --coverageDirectory --coverageThreshold --collectCoverageFrom --shard --bail".split(
      " ",
    ),
  ),
  dropped:
    /^(--reporters|--outputFile|--json|--watch.*|--bail|-b|--(coverage|collectCoverage)|--coverage(Reporters|Directory|Threshold)|--shard|--testNamePattern|-t|--updateSnapshot|-u|--onlyChanged|-o|--changedSince|--onlyFailures|-f|--notify|--no-?color|--colors?|--passWithNoTests|--silent|--verbose)$/i,
};

const coverageFlags = (job: TestJob): string[] =>
  job.coverage
    ? [
        "--coverage",
        "--coverageReporters=json-summary",
        `--coverageDirectory=${coverageFolder(job)}`,
        // Whether it is enough is not this run's question.
        "--coverageThreshold={}",
      ]
    : ["--coverage=false"];

export const jest: RunnerAdapter = {
  launch(job) {
    const { flags, patterns } = splitArguments(job.script.args, rules);
    return Promise.resolve({
      command: [
        nodeProgram(),
        ...nodeFlags(job.script),
        job.program ?? "jest",
        ...flags,
        "--ci",
        "--json",
        `--outputFile=${jestReportFile(job)}`,
        "--passWithNoTests",
        // What a test leaves open must not keep a finished run waiting for its deadline.
        "--forceExit",
        // Its daemon would outlive the run.
        "--watchman=false",
        ...coverageFlags(job),
        ...(job.name === null ? [] : [`--testNamePattern=${namePattern(job.name)}`]),
        ...(job.files === null ? patterns : ["--runTestsByPath", ...job.files]),
      ],
      env: nodeVariables(),
    });
  },
  async read(job, ended) {
    const results = await readJestReport(job);
    // Without any test file it ends well, without a report.
    return results.complete || ended.exit_code !== 0 ? results : noResults(true);
  },
};
