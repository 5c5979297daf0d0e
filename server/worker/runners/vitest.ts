import { basename, join } from "node:path";
import { coverageFolder } from "./coverage.ts";
import { eventsFile, readEvents } from "./events.ts";
import { jestReportFile, readJestReport } from "./jest-report.ts";
import { namePattern } from "./names.ts";
import { isInstalled, nodeProgram, nodeVariables } from "./package.ts";
import { foldersOf, type ReportFolders, type RunnerAdapter } from "./runner.ts";
import { splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";

export const vitestArguments: ArgumentRules = {
  valued: new Set(
    "--config -c --root -r --dir --project --environment --pool --mode --reporter --outputFile --exclude --testTimeout --hookTimeout --testNamePattern -t --shard --bail --configLoader".split(
      " ",
    ),
  ),
  dropped:
    /^(--reporters?|--outputFile.*|--watch|-w|--run|--ui|--open|--coverage.*|--bail|--shard|--testNamePattern|-t|--update|-u|--changed|--passWithNoTests|--no-color)$/,
};

const subcommands = new Set(["run", "watch", "dev", "related"]);

const providers = ["@vitest/coverage-v8", "@vitest/coverage-istanbul"];

const coverageFlags = ({ report: reportFolder }: ReportFolders): string[] => [
  "--coverage.enabled",
  "--coverage.reporter=json-summary",
  `--coverage.reportsDirectory=${coverageFolder({ reportFolder })}`,
  "--coverage.reportOnFailure",
];

/** Turns thresholds of the coverage off. */
const withoutThreshold = [
  "--coverage.thresholds.100=false",
  ...["lines", "functions", "branches", "statements"].map((kind) => `--coverage.thresholds.${kind}=0`),
];

/**
 * The folder of our reporters, below that of the report. Vite loads files outside of the project only if they belong to
 * a package.
 */
export const reporterFolder = join("node_modules", "coditect");
const errorsReporter = join(reporterFolder, "vitest-errors.mjs");

const reportFlags = ({ report: reportFolder, files }: ReportFolders): string[] => [
  "--reporter=default",
  "--reporter=json",
  `--reporter=${join(files, errorsReporter)}`,
  `--outputFile.json=${jestReportFile({ reportFolder })}`,
  "--passWithNoTests",
  "--bail=0",
];

/**
 * A module for vitest's process. With `--typecheck`, vitest has tsc write a file into the folder of vitest, which
 * instances can only read, so each run with types would fail.
 */
export const typecheckModule = {
  name: join(reporterFolder, "vitest-typecheck.mjs"),
  text: `
import child from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";
const { spawn } = child;
const file = fileURLToPath(new URL("vitest.tsbuildinfo", import.meta.url));
child.spawn = (program, words, ...rest) => {
  if (!Array.isArray(words) || !/(^|[\\\\/])(vue-)?tsc$/.test(program) || !words.includes("--noEmit"))
    return spawn(program, words, ...rest);
  const at = words.indexOf("--tsBuildInfoFile");
  const others = at < 0 ? words : words.toSpliced(at, 2);
  return spawn(program, [...others, "--tsBuildInfoFile", file], ...rest);
};
syncBuiltinESMExports();
`,
};

/** A reporter of errors outside of tests, which vitest's own report lacks. It supports all major versions. */
const errorsReporterText = `
import { appendFileSync } from "node:fs";
import "./${basename(typecheckModule.name)}";
const tell = (errors) => {
  for (const error of errors ?? []) {
    const name = "Error outside of the tests: " + String(error?.message ?? error).split("\\n", 1)[0];
    const event = { type: "error", name, message: String(error?.stack ?? error?.message ?? error).slice(0, 20000) };
    appendFileSync(process.env.CODITECT_TEST_EVENTS, JSON.stringify(event) + "\\n");
  }
};
export default class {
  onFinished(files, errors) { this.told ||= (tell(errors), true); }
  onTestRunEnd(modules, errors) { this.told ||= (tell(errors), true); }
}
`;

export const vitest: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/vitest\/vitest\.[cm]?js$/,
    rules: {
      ...vitestArguments,
      dropped:
        /^(--reporters?|--outputFile.*|--watch|-w|--ui|--open|--bail|--coverage\.(reporter|reportsDirectory)|--update|-u|--changed)$/,
    },
    words: { watch: "run", dev: "run" },
    flags: reportFlags,
    coverage: {
      flags: coverageFlags,
      withoutThreshold,
      needs: providers,
      own: /--coverage\b(?!\.(enabled=false|reporter))|\bcoverage\b[^]{0,400}\benabled["']?\s*:\s*true/,
    },
  },
  files: { [typecheckModule.name]: typecheckModule.text, [errorsReporter]: errorsReporterText },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, vitestArguments);
    const folders = subcommands.has(patterns[0] ?? "") ? patterns.slice(1) : patterns;
    const hasCoverage = job.coverage && canMeasure(job.folder);
    return Promise.resolve({
      command: [
        nodeProgram(),
        job.program ?? "vitest",
        "run",
        ...flags,
        ...reportFlags(foldersOf(job)),
        ...(hasCoverage
          ? [...coverageFlags(foldersOf(job)), ...withoutThreshold]
          : ["--coverage.enabled=false"]),
        ...(job.name === null ? [] : [`--testNamePattern=${namePattern(job.name)}`]),
        ...(job.files ?? folders),
      ],
      env: { ...nodeVariables(), CODITECT_TEST_EVENTS: eventsFile(job) },
    });
  },
  read: async (job) => {
    const [results, { errors }] = await Promise.all([readJestReport(job), readEvents(job)]);
    return { ...results, errors };
  },
};

const canMeasure = (folder: string): boolean => providers.some((name) => isInstalled(folder, name));
