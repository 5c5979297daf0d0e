import { coverageFolder } from "./coverage.ts";
import { jestReportFile, readJestReport } from "./jest-report.ts";
import { namePattern } from "./names.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { foldersOf, noResults, type ReportFolders, type RunnerAdapter } from "./runner.ts";
import { nodeFlags, splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";

export const jestArguments: ArgumentRules = {
  valued: new Set(
    "--config -c --rootDir --roots --env --testEnvironment --testTimeout --maxWorkers -w --selectProjects --testMatch --testRegex --testPathPatterns --testPathPattern --testPathIgnorePatterns --testNamePattern -t --reporters --outputFile --coverageReporters --coverageDirectory --coverageThreshold --collectCoverageFrom --shard --bail".split(
      " ",
    ),
  ),
  dropped:
    /^(--reporters|--outputFile|--json|--watch.*|--bail|-b|--(coverage|collectCoverage)|--coverage(Reporters|Directory|Threshold)|--shard|--testNamePattern|-t|--updateSnapshot|-u|--onlyChanged|-o|--changedSince|--onlyFailures|-f|--notify|--no-?color|--colors?|--passWithNoTests|--silent|--verbose)$/i,
};

const coverageFlags = ({ report: reportFolder }: ReportFolders): string[] => [
  "--coverage",
  "--coverageReporters=json-summary",
  `--coverageDirectory=${coverageFolder({ reportFolder })}`,
];

const reportFlags = ({ report: reportFolder }: ReportFolders): string[] => [
  "--ci",
  "--json",
  `--outputFile=${jestReportFile({ reportFolder })}`,
  "--passWithNoTests",
  // The configuration must not end the run early, because later tests would not be compared.
  "--bail=0",
  // Without this, a finished run would wait for its deadline if a test leaves something open.
  "--forceExit",
  // Watchman's daemon would outlive the run.
  "--watchman=false",
];

/** Turns thresholds of the coverage off. */
const noThreshold = "--coverageThreshold={}";

export const jest: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/(jest|jest-cli)\/bin\/jest\.js$|\/node_modules\/react-scripts\/scripts\/test\.js$/,
    rules: {
      ...jestArguments,
      dropped:
        /^(--outputFile|--json|--watch.*|--bail|-b|--coverage(Reporters|Directory)|--updateSnapshot|-u|--onlyChanged|-o|--changedSince|--onlyFailures|-f|--notify)$/i,
    },
    flags: reportFlags,
    coverage: {
      flags: coverageFlags,
      withoutThreshold: [noThreshold],
      own: /--(coverage|collectCoverage)\b|collectCoverage["']?\s*:\s*true/,
    },
  },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, jestArguments);
    return Promise.resolve({
      command: [
        nodeProgram(),
        ...nodeFlags(job.script),
        job.program ?? "jest",
        ...flags,
        ...reportFlags(foldersOf(job)),
        ...(job.coverage ? [...coverageFlags(foldersOf(job)), noThreshold] : ["--coverage=false"]),
        ...(job.name === null ? [] : [`--testNamePattern=${namePattern(job.name)}`]),
        ...(job.files === null ? patterns : ["--runTestsByPath", ...job.files]),
      ],
      env: nodeVariables(),
    });
  },
  read: async (job, ended) => {
    const results = await readJestReport(job);
    // If there is no test file, jest succeeds without a report.
    return results.complete || ended.exit_code !== 0 ? results : noResults(true);
  },
};
