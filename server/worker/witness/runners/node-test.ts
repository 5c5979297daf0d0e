import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { eventsFile } from "../../runners/events.ts";
import { readEvents } from "./events.ts";
import { nodeProgram, nodeVariables } from "../../runners/package.ts";
import { literalGlob } from "../../runners/literal-glob.ts";
import { namePattern } from "../../runners/names.ts";
import { nodeReporter, nodeTestArguments } from "../../runners/node-test.ts";
import { failureScript } from "../failure.ts";
import { watchNode } from "../witness.ts";
import type { RunnerAdapter } from "./runner.ts";
import { alsoDropping, splitArguments } from "../../../workspace/test-script.ts";

/** A run that ends early leaves no time to report what was done. */
const rules = alsoDropping(nodeTestArguments, { valued: [], others: ["--test-force-exit"] });

/** The reporter of a run without a witness, which also signs its events. A file that "passes" is no test. */
const reporter = (key: string): string =>
  nodeReporter(
    `import { createHmac } from "node:crypto";
const failureOf = ${failureScript};
const line = (event) => {
  const body = JSON.stringify(event);
  return createHmac("sha256", ${JSON.stringify(key)}).update(body).digest("hex") + " " + body + "\\n";
};`,
    { passingFiles: false },
  );

/** Node's own runner, `node --test`, from Node 22 on. */
export const nodeTest: RunnerAdapter = {
  launch: async (job) => {
    const reporterFile = join(job.reportFolder, "reporter.mjs");
    await writeFile(reporterFile, reporter(job.witness.settings.key));
    const { flags, patterns } = splitArguments(job.script.args, rules);
    // `tsx --test` is Node with tsx's hooks.
    const hooks = basename(job.script.name) === "tsx" ? ["--import", "tsx"] : [];
    return {
      command: [
        nodeProgram(),
        ...hooks,
        ...flags,
        ...(process.features.typescript === false ? ["--experimental-strip-types"] : []),
        "--test",
        // What a test leaves open must not keep a finished run waiting for its deadline.
        "--test-force-exit",
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        `--test-reporter=${reporterFile}`,
        `--test-reporter-destination=${eventsFile(job)}`,
        ...(job.coverage ? ["--experimental-test-coverage"] : []),
        ...(job.name === null ? [] : [`--test-name-pattern=${namePattern(job.name)}`]),
        ...(job.files?.map(literalGlob) ?? patterns),
      ],
      env: { ...nodeVariables(), ...(await watchNode(job.witness, job.script.env.NODE_OPTIONS)) },
    };
  },
  read: readEvents,
};
