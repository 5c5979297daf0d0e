import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { eventsFile } from "../../runners/events.ts";
import { readEvents } from "./events.ts";
import { nodeProgram, nodeVariables } from "../../runners/package.ts";
import { literalGlob } from "../../runners/literal-glob.ts";
import { namePattern } from "../../runners/names.ts";
import { nodeTestArguments } from "../../runners/node-test.ts";
import { failureScript } from "../failure.ts";
import { watchNode } from "../witness.ts";
import type { RunnerAdapter } from "./runner.ts";
import { alsoDropping, splitArguments } from "../../../workspace/test-script.ts";

/** A run that ends early leaves no time to report what was done. */
const rules = alsoDropping(nodeTestArguments, { valued: [], others: ["--test-force-exit"] });

/**
 * A reporter for node:test that tells its events as `events.ts` reads them. A test's own suites are
 * known from the starts before it, which come in the order of the report. The runner reports a file
 * as a test of its own when it ran none of its tests or ended badly after them: one that "passes" is
 * no test.
 */
const reporter = (key: string): string => `
import { createHmac } from "node:crypto";
import { resolve } from "node:path";
const failureOf = ${failureScript};
const line = (event) => {
  const body = JSON.stringify(event);
  return createHmac("sha256", ${JSON.stringify(key)}).update(body).digest("hex") + " " + body + "\\n";
};
const text = (error) => {
  const cause = error?.cause ?? error;
  try {
    return String(cause?.stack ?? cause?.message ?? cause).slice(0, 20000);
  } catch {
    return "The error has no text.";
  }
};
export default async function* (source) {
  const path = [];
  const errors = new Map();
  const ran = new Map();
  for await (const { type, data } of source) {
    if (type === "test:start") {
      path.length = data.nesting;
      path.push(data.name);
    } else if (type === "test:stderr") {
      const file = resolve(data.file);
      errors.set(file, ((errors.get(file) ?? "") + data.message).slice(0, 20000));
    } else if (type === "test:coverage") {
      const files = {};
      for (const file of data.summary.files)
        files[file.path] = { covered: file.coveredLineCount, total: file.totalLineCount };
      yield line({ type: "coverage", files });
    } else if (type === "test:pass" || type === "test:fail") {
      const file = data.file ?? resolve(data.name);
      const isFile = data.nesting === 0 && resolve(data.name) === file;
      const failed = type === "test:fail" && data.todo === undefined;
      const kind = data.details?.error?.failureType;
      if (failed && kind === "subtestsFailed") continue;
      if (isFile && failed && !ran.has(file)) {
        yield line({ type: "load_error", file, message: errors.get(file) || text(data.details.error) });
        continue;
      }
      if (data.details?.type === "suite" && !failed) continue;
      if (isFile && !failed) continue;
      if (!isFile) ran.set(file, true);
      const skipped = data.skip !== undefined || data.todo !== undefined;
      yield line({
        type: "test",
        file,
        name: [...path.slice(0, data.nesting), data.name].join(" > "),
        status: failed ? "failed" : skipped ? "skipped" : "passed",
        duration_ms: data.details?.duration_ms ?? null,
        message: failed ? (isFile && errors.get(file)) || text(data.details.error) : null,
        failure: failed ? failureOf(data.details.error?.cause ?? data.details.error) : undefined,
      });
    }
  }
  yield line({ type: "end" });
}
`;

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
