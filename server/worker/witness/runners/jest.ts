import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { coverageFolder } from "../../runners/coverage.ts";
import { jestReportFile } from "../../runners/jest-report.ts";
import { jestArguments } from "../../runners/jest.ts";
import { readJestReport } from "./jest-report.ts";
import { namePattern } from "../../runners/names.ts";
import { jestRunner, refusingSetup } from "../jest-runner.ts";
import { watchNode } from "../witness.ts";
import { nodeProgram, nodeVariables } from "../../runners/package.ts";
import { noResults, type RunnerAdapter, type TestJob } from "./runner.ts";
import { alsoDropping, nodeFlags, splitArguments } from "../../../workspace/test-script.ts";

/** Our run chooses the program that runs the tests, and their order. */
const rules = alsoDropping(jestArguments, { valued: ["--testRunner", "--seed"], others: ["--randomize"] });

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
  launch: async (job) => {
    const { flags, patterns } = splitArguments(job.script.args, rules);
    const { seed } = job.witness.settings;
    const runner = join(job.reportFolder, "runner.cjs");
    await writeFile(runner, jestRunner(dirname(job.program ?? job.folder), job.reportFolder));
    await writeFile(join(job.reportFolder, "refuse.cjs"), refusingSetup);
    return {
      command: [
        nodeProgram(),
        ...nodeFlags(job.script),
        job.program ?? "jest",
        ...flags,
        "--ci",
        "--json",
        `--outputFile=${jestReportFile(job)}`,
        "--passWithNoTests",
        "--bail=0",
        // What a test leaves open must not keep a finished run waiting for its deadline.
        "--forceExit",
        // Its daemon would outlive the run.
        "--watchman=false",
        `--testRunner=${runner}`,
        ...(seed === null ? [] : ["--randomize", `--seed=${seed}`]),
        ...coverageFlags(job),
        ...(job.name === null ? [] : [`--testNamePattern=${namePattern(job.name)}`]),
        ...(job.files === null ? patterns : ["--runTestsByPath", ...job.files]),
      ],
      env: { ...nodeVariables(), ...(await watchNode(job.witness, job.script.env.NODE_OPTIONS)) },
    };
  },
  read: async (job, ended) => {
    const results = await readJestReport(job, "signed");
    // Without any test file it ends well, without a report.
    return results.complete || ended.exit_code !== 0
      ? results
      : { ...noResults(true), tampering: results.tampering };
  },
};
