import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { vitestReporter } from "../vitest-reporter.ts";
import { watchNode } from "../witness.ts";
import { coverageFolder } from "../../runners/coverage.ts";
import { eventsFile } from "../../runners/events.ts";
import { jestReportFile } from "../../runners/jest-report.ts";
import { readJestReport } from "./jest-report.ts";
import { namePattern } from "../../runners/names.ts";
import { isInstalled, nodeProgram, nodeVariables } from "../../runners/package.ts";
import { reporterFolder, typecheckModule, vitestArguments } from "../../runners/vitest.ts";
import type { RunnerAdapter, TestJob } from "./runner.ts";
import { splitArguments } from "../../../workspace/test-script.ts";

const subcommands = new Set(["run", "watch", "dev", "related"]);

const providers = ["@vitest/coverage-v8", "@vitest/coverage-istanbul"];

const coverageFlags = (job: TestJob): string[] => {
  if (!job.coverage || !providers.some((name) => isInstalled(job.folder, name)))
    return ["--coverage.enabled=false"];
  return [
    "--coverage.enabled",
    "--coverage.reporter=json-summary",
    `--coverage.reportsDirectory=${coverageFolder(job)}`,
    "--coverage.reportOnFailure",
    // Whether it is enough is not this run's question.
    "--coverage.thresholds.100=false",
    ...["lines", "functions", "branches", "statements"].map((kind) => `--coverage.thresholds.${kind}=0`),
  ];
};

export const vitest: RunnerAdapter = {
  launch: async (job) => {
    const { flags, patterns } = splitArguments(job.script.args, vitestArguments);
    const folders = subcommands.has(patterns[0] ?? "") ? patterns.slice(1) : patterns;
    const { seed } = job.witness.settings;
    const reporter = join(job.reportFolder, reporterFolder, "reporter.mjs");
    await mkdir(dirname(reporter), { recursive: true });
    await writeFile(join(job.reportFolder, typecheckModule.name), typecheckModule.text);
    const watching = vitestReporter(job.witness.settings, eventsFile(job));
    await writeFile(reporter, `import "./${basename(typecheckModule.name)}";\n${watching}`);
    return {
      command: [
        nodeProgram(),
        job.program ?? "vitest",
        "run",
        ...flags,
        "--reporter=default",
        "--reporter=json",
        `--reporter=${reporter}`,
        `--outputFile.json=${jestReportFile(job)}`,
        "--passWithNoTests",
        "--bail=0",
        ...(seed === null ? [] : ["--sequence.shuffle", `--sequence.seed=${seed}`]),
        ...coverageFlags(job),
        ...(job.name === null ? [] : [`--testNamePattern=${namePattern(job.name)}`]),
        ...(job.files ?? folders),
      ],
      env: { ...nodeVariables(), ...(await watchNode(job.witness, job.script.env.NODE_OPTIONS)) },
    };
  },
  read: (job) => readJestReport(job, "named"),
};
