import { join } from "node:path";
import type { TestCase } from "../../../schemas/tests.ts";
import { eventsFile, readEvents } from "./events.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { noResults, type RunnerAdapter, type TestJob } from "./runner.ts";
import { nodeFlags, splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";
import { unloadedResults } from "./unloaded-file.ts";

const rules: ArgumentRules = {
  valued: new Set("--ignore -i --require -r --cwd -C".split(" ")),
  dropped: /^(--bail|-b|--color|-c)$/,
};

/**
 * Makes uvu write events for `events.ts` when its library is loaded, because uvu has no reporters. Names of files are
 * relative to the folder in uvu's arguments.
 */
const reporter = `
"use strict";
const { appendFileSync } = require("node:fs");
const { registerHooks } = require("node:module");
const { resolve } = require("node:path");
const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const top = words[0] ?? ".";
const tell = (event) => appendFileSync(process.env.CODITECT_TEST_EVENTS, JSON.stringify(event) + "\\n");
let file = "";
globalThis.__coditectTells = {
  file: (name) => { file = name === null ? "" : resolve(top, name); tell({ type: "begin" }); },
  test: (suite, { name }, error) =>
    tell({
      type: "test",
      file,
      name: suite ? suite + " > " + name : name,
      status: error === undefined ? "passed" : "failed",
      duration_ms: null,
      message: error === undefined ? null : String(error?.stack ?? error).slice(0, 20000),
    }),
  end: () => tell({ type: "end" }),
};
const changes = [
  ["write(PASS);", "write(PASS); globalThis.__coditectTells.test(name, test);"],
  ["write(FAIL);", "write(FAIL); globalThis.__coditectTells.test(name, test, err ?? new Error('failed'));"],
  ["let name = group.shift();", "let name = group.shift(); globalThis.__coditectTells.file(name);"],
  ["isRunning = false;\\n\\twrite(", "isRunning = false;\\n\\tglobalThis.__coditectTells.end();\\n\\twrite("],
];
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!/\\/uvu\\/dist\\/index\\.m?js$/.test(url) || loaded.source == null) return loaded;
    let source = String(loaded.source);
    for (const [text, replacement] of changes) source = source.replace(text, () => replacement);
    return { ...loaded, source };
  },
});
`;

/** uvu chooses files by a regular expression for their paths below a folder. */
const selection = ({ files }: TestJob, patterns: readonly string[]): string[] => {
  if (files === null) return [...patterns];
  const paths = files.map((file) => file.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return [".", `^(${paths.join("|")})$`];
};

export const uvu: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/uvu\/bin\.js$/,
    rules,
    flags: () => [],
    loads: "uvu-reporter.cjs",
  },
  files: { "uvu-reporter.cjs": reporter },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, rules);
    const before = ["--require", join(job.reportFolder, "uvu-reporter.cjs"), ...nodeFlags(job.script)];
    return Promise.resolve({
      command: [nodeProgram(), ...before, job.program ?? "uvu", ...selection(job, patterns), ...flags],
      env: { ...nodeVariables(), CODITECT_TEST_EVENTS: eventsFile(job) },
    });
  },
  read: async (job, ended) => {
    const { begun, loading: _, ...results } = await readEvents(job);
    const broken = begun ? null : unloadedResults(job, ended);
    if (broken !== null) return broken;
    if (!begun && ended.exit_code === 0) return noResults(true);
    // uvu has no filter, so all tests run, and those with the name count.
    const { name } = job;
    const isNamed = (test: TestCase): boolean => name === null || test.name.includes(name);
    return { ...results, tests: results.tests.filter(isNamed) };
  },
};
