import { join } from "node:path";
import { nodeFlags, splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";
import { eventsFile, readEvents } from "./events.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { noResults, type RunnerAdapter, type TestJob } from "./runner.ts";
import { unloadedResults } from "./unloaded-file.ts";

const rules: ArgumentRules = {
  valued: new Set("--require -r --ignore -i --ignore-pattern".split(" ")),
  dropped: /^--strict$/,
};

/**
 * Makes tape write events for `events.ts`, because its report names no files. A test belongs to the file that declares
 * it. An error that a test throws fails this test, as a rejected promise does, and the others still run.
 */
const reporter = `
"use strict";
const { appendFileSync, realpathSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname, join } = require("node:path");
const { fileURLToPath } = require("node:url");
const { inspect } = require("node:util");

const main = realpathSync(process.argv[1]);
const isTape = /[\\\\/]tape[\\\\/]bin[\\\\/]tape(\\.js)?$/.test(main);
const libraryOf = () => { try { return dirname(createRequire(main).resolve("tape")); } catch { return null; } };
const library = isTape ? dirname(dirname(main)) : libraryOf();
if (library === null) return;
const Results = require(join(library, "lib", "results.js"));
const tell = (event) => appendFileSync(process.env.CODITECT_TEST_EVENTS, JSON.stringify(event) + "\\n");
const open = new Set();
let running = null;

/** The innermost file of the project that calls tape. */
const caller = () => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const lines = String(new Error().stack).split("\\n").slice(1);
  Error.stackTraceLimit = stackTraceLimit;
  const paths = lines.map((line) => /\\(?((?:file:\\/\\/|\\/|[A-Za-z]:\\\\)[^()]*?):\\d+:\\d+\\)?$/.exec(line)?.[1]);
  const own = paths.find((path) => path !== undefined && path !== __filename && !/[\\\\/]node_modules[\\\\/]/.test(path));
  if (own === undefined) return isTape ? "" : main;
  return own.startsWith("file:") ? fileURLToPath(own) : own;
};

const isError = (value) => value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
/** The error of a test itself: tape 4 calls it the actual value. */
const thrownIn = ({ operator, actual, error }) => (operator === "error" ? [actual, error].find(isError) : undefined);
const framesOf = (stack) => String(stack ?? "").split("\\n").filter((line) => !line.includes(__filename));
const inWords = (result) => {
  const thrown = thrownIn(result);
  if (thrown !== undefined) return framesOf(thrown.stack ?? thrown).join("\\n");
  const shown = ["expected", "actual"].filter((key) => key in result).map((key) => "  " + key + ": " + inspect(result[key], { depth: 5 }));
  const stack = framesOf(result.error?.stack).slice(1).join("\\n");
  return [String(result.name), "  operator: " + result.operator, ...shown, stack].filter((line) => line !== "").join("\\n");
};

function watch(test, file, names) {
  const name = [...names, String(test.name)].join(" > ");
  const failed = [];
  let count = 0;
  let hasInner = false;
  let begun = performance.now();
  const run = test._cb;
  if (typeof run === "function")
    test._cb = function (t) {
      try { return run.call(this, t); } catch (error) {
        if (isError(error)) t.error(error); else t.fail(String(error));
        if (!t.calledEnd) t.end();
      }
    };
  const report = (message) => {
    if (!open.delete(report)) return;
    if (message === null && hasInner && count === 0) return;
    const isFailed = failed.length > 0 || message !== null;
    const messages = [...failed.map(inWords), ...(message === null ? [] : [message])];
    tell({
      type: "test",
      file,
      name,
      status: isFailed ? "failed" : test._skip ? "skipped" : "passed",
      duration_ms: performance.now() - begun,
      message: isFailed ? messages.join("\\n\\n").slice(0, 20000) : null,
      ...(failed.some((result) => thrownIn(result) === undefined) ? { failure: "assertion" } : {}),
    });
  };
  open.add(report);
  test.once("prerun", () => { begun = performance.now(); running = report; });
  test.on("result", (result) => {
    if (typeof result === "string") return;
    count += 1;
    if (!result.ok && !result.todo) failed.push(result);
  });
  test.on("test", (inner) => {
    hasInner = true;
    watch(inner, file, [...names, String(test.name)]);
  });
  test.once("end", () => report(null));
}

const { push } = Results.prototype;
Results.prototype.push = function (test) {
  tell({ type: "begin" });
  watch(test, caller(), []);
  return push.call(this, test);
};
let crash = null;
process.on("uncaughtExceptionMonitor", (error) => {
  crash = framesOf(error?.stack ?? error).join("\\n");
  if (running !== null && open.has(running)) running(crash);
});
process.on("exit", (code) => {
  if (crash !== null || code !== 0) return;
  for (const report of [...open]) report("The test exited without ending.");
  tell({ type: "end" });
});
`;

export const tape: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/tape\/bin\/tape(\.js)?$/,
    library: "tape",
    rules,
    flags: () => [],
    loads: "tape-reporter.cjs",
  },
  files: { "tape-reporter.cjs": reporter },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, rules);
    const before = ["--require", join(job.reportFolder, "tape-reporter.cjs"), ...nodeFlags(job.script)];
    return Promise.resolve({
      command: [nodeProgram(), ...before, job.program ?? "tape", ...flags, ...(job.files ?? patterns)],
      env: { ...nodeVariables(), CODITECT_TEST_EVENTS: eventsFile(job) },
    });
  },
  read: async (job: TestJob, ended) => {
    const { begun, loading: _, ...results } = await readEvents(job);
    const broken = begun ? null : unloadedResults(job, ended);
    if (broken !== null) return broken;
    if (!begun && ended.exit_code === 0) return noResults(true);
    // tape has no filter, so all tests run, and those with the name count.
    const { name } = job;
    return { ...results, tests: results.tests.filter((test) => name === null || test.name.includes(name)) };
  },
};
