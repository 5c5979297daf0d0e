import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readCoverageSummary } from "../../runners/coverage.ts";
import { coverageCommand, inOneProcess, mochaArguments, runAllScript } from "../../runners/mocha.ts";
import { readEvents } from "./events.ts";
import { namePattern } from "../../runners/names.ts";
import { nodeProgram, nodeVariables } from "../../runners/package.ts";
import { failureScript } from "../failure.ts";
import { watchNode } from "../witness.ts";
import { noResults, type RunnerAdapter } from "./runner.ts";
import { nodeFlags, splitArguments } from "../../../workspace/test-script.ts";

/**
 * Reports to `events.ts`, each event at once, so that a run that breaks off still tells what came
 * before. Loaded with --require, it tells which test file is being loaded: mocha loads them all
 * before it makes its reporter, and ends at the first error. A test that leaves something open must
 * not keep a finished run waiting for its deadline.
 */
const reporter = `
"use strict";
const { relative } = require("node:path");
const { Suite } = require(process.env.CODITECT_MOCHA);
const witness = process[Symbol.for("nodejs.coditect")];
delete process[Symbol.for("nodejs.coditect")];
const { tell } = witness;
const failureOf = ${failureScript};
const GRACE_MS = 2000;
${runAllScript}
module.exports = function (runner) {
  const report = (test, status, error) =>
    tell({
      type: "test",
      file: test.file ?? test.ctx?.currentTest?.file ?? test.parent?.file ?? "",
      name: test.titlePath().join(" > "),
      status,
      duration_ms: test.duration ?? null,
      failure: status === "failed" ? failureOf(error) : undefined,
      message: error ? String(error.stack ?? error.message ?? error).slice(0, 20000) : null,
    });
  tell({ type: "begin" });
  runAll(runner.suite);
  const { only } = witness.settings;
  if (only !== null) keep(runner.suite, new Set(only), witness.settings.root);
  runner.on("hook", (hook) => {
    if (/^"(before|after) all"/.test(hook.title)) witness.runs(hook.parent?.root ? "" : hook.file ?? hook.parent?.file ?? "", null);
  });
  runner.on("test", (test) => witness.runs(test.file ?? "", test.file === undefined ? null : test.titlePath().join(" > ")));
  if (witness.settings.seed !== null) shuffle(runner.suite, witness.settings.seed);
  runner.on("pass", (test) => {
    if (test.currentRetry() > 0) witness.triedAgain(test.file ?? "", test.title);
    report(test, "passed");
  });
  runner.on("pending", (test) => report(test, "skipped"));
  runner.on("fail", (test, error) => report(test, "failed", error));
  runner.once("end", () => {
    tell({ type: "end" });
    witness.finish();
    setTimeout(() => process.exit(runner.failures > 0 ? 1 : 0), GRACE_MS).unref();
  });
};
/** Leaves out the tests that are not asked for, by name or by file. */
const keep = (suite, only, root) => {
  const isAsked = (test) => {
    const file = relative(root, test.file ?? "").replaceAll("\\\\", "/");
    return only.has(file) || only.has(file + " > " + test.titlePath().join(" > "));
  };
  suite.tests = suite.tests.filter(isAsked);
  for (const inner of suite.suites) keep(inner, only, root);
  suite.suites = suite.suites.filter((inner) => inner.tests.length > 0 || inner.suites.length > 0);
};
const shuffle = (suite, seed) => {
  let state = seed + 1;
  const next = (below) => (state = (state * 48271) % 2147483647) % below;
  const mix = (list) => {
    for (let at = list.length - 1; at > 0; at--) {
      const other = next(at + 1);
      [list[at], list[other]] = [list[other], list[at]];
    }
    return list;
  };
  mix(suite.tests);
  for (const inner of mix(suite.suites)) shuffle(inner, seed);
};
const { emit } = Suite.prototype;
Suite.prototype.emit = function (event, ...args) {
  if (event === Suite.constants.EVENT_FILE_PRE_REQUIRE) tell({ type: "loading", file: args[1] });
  return emit.call(this, event, ...args);
};
`;

export const mocha: RunnerAdapter = {
  launch: async (job) => {
    const reporterFile = join(job.reportFolder, "reporter.cjs");
    await writeFile(reporterFile, reporter);
    const { flags, patterns } = splitArguments(job.script.args, mochaArguments);
    return {
      command: [
        ...coverageCommand(job),
        nodeProgram(),
        ...nodeFlags(job.script),
        job.program ?? "mocha",
        ...flags,
        inOneProcess,
        `--require=${reporterFile}`,
        `--reporter=${reporterFile}`,
        ...(job.name === null ? [] : [`--grep=${namePattern(job.name)}`]),
        ...(job.files ?? patterns),
      ],
      env: {
        CODITECT_MOCHA: join(dirname(job.program ?? ""), ".."),
        ...nodeVariables(),
        ...(await watchNode(job.witness, job.script.env.NODE_OPTIONS)),
      },
    };
  },

  read: async (job, ended) => {
    const { begun, loading, ...results } = await readEvents(job);
    const { tampering } = results;
    if (begun) return { ...results, coverage: await readCoverageSummary(job) };
    if (ended.timed_out || ended.exit_code === null) return { ...noResults(false), tampering };
    if (loading === null) return { ...noResults(ended.output.includes("No test files found")), tampering };
    return { ...noResults(true), tampering, load_errors: [{ file: loading, message: ended.output }] };
  },
};
