import { join } from "node:path";
import type { TestRunner } from "../../../schemas/tests.ts";
import type { ReportHook } from "./runner.ts";

/** The folder of the scripts that come before programs on PATH. See `ReportHook.program`. */
export const programsFolder = (reportFolder: string): string => join(reportFolder, "programs");

/** A placeholder in flags for the folder of the process's report. */
const PART = "<part>";

/**
 * The text of a script that Node loads before any other (`--require`), in every process that the project's own test
 * command starts. In the main script of a known runner, it changes the arguments so that the runner also reports to
 * us. It does not affect other processes. Chains of commands, subfolders and monorepo tools therefore run unchanged,
 * and each test still has its name.
 *
 * Each such process has a folder below `parts`. The process writes `part.json` when it begins and `exit` when it
 * ends. Processes that a runner starts are not affected, because a test may start a runner itself.
 */
export const hookText = (
  reportFolder: string,
  hooks: readonly { runner: TestRunner | null; hook: ReportHook }[],
  coverage: boolean,
): string => {
  const folders = { report: PART, files: reportFolder };
  const table = hooks.map(({ runner, hook }) => ({
    runner,
    main: hook.main?.source ?? null,
    valued: [...hook.rules.valued],
    dropped: [hook.rules.dropped.source, hook.rules.dropped.flags],
    words: hook.words ?? {},
    onlyWith: hook.onlyWith ?? null,
    flags: hook.flags(folders),
    coverage:
      hook.coverage === undefined
        ? null
        : {
            isWanted: coverage,
            flags: hook.coverage.flags(folders),
            withoutThreshold: hook.coverage.withoutThreshold,
            own: hook.coverage.own.source,
            needs: hook.coverage.needs ?? null,
          },
    env: hook.env?.(folders) ?? {},
    output: hook.output ?? null,
    isWrapper: hook.isWrapper ?? false,
    program: hook.program ?? null,
    library: hook.library ?? null,
    loads: hook.loads === undefined ? null : join(reportFolder, hook.loads),
    configuration:
      hook.configuration === undefined
        ? null
        : { ...hook.configuration, file: join(reportFolder, hook.configuration.file) },
  }));
  return `"use strict";
const PARTS = ${JSON.stringify(join(reportFolder, "parts"))};
const SHARED = ${JSON.stringify(reportFolder)};
const PROGRAMS = ${JSON.stringify(programsFolder(reportFolder))};
const TABLE = ${JSON.stringify(table)};
${hookBody}`;
};

const hookBody = String.raw`
const fs = require("node:fs");
const path = require("node:path");
const { isMainThread } = require("node:worker_threads");

const slashed = (text) => text.replaceAll("\\", "/");
const realOf = (file) => { try { return fs.realpathSync(file); } catch { return file; } };

function find() {
  if (!isMainThread || process.env.CODITECT_REPORTING || process.env.NODE_TEST_CONTEXT) return null;
  if (process.execArgv.includes("--test")) return TABLE.find(({ main }) => main === null) ?? null;
  const script = process.argv[1];
  if (script === undefined) return null;
  if (path.dirname(script) === PROGRAMS) {
    const ours = TABLE.find(({ program }) => program === path.basename(script));
    return ours?.onlyWith?.includes(process.argv[2]) ? ours : null;
  }
  const places = [slashed(script), slashed(realOf(script))];
  const found = TABLE.find(({ main }) => main !== null && places.some((at) => new RegExp(main).test(at)));
  if (found === undefined) return ofProgram(script);
  return found.onlyWith === null || found.onlyWith.includes(process.argv[2]) ? found : null;
}

/** The runner whose library a program of the project loads, itself or in a file that it loads; null if there is none. */
function ofProgram(script) {
  if (isTestProgram(script)) return TABLE.find(({ main }) => main === null) ?? null;
  if (slashed(script).includes("/node_modules/")) return null;
  const libraries = TABLE.filter(({ library }) => library !== null && isInstalled(library));
  if (libraries.length === 0) return null;
  const texts = [textOf(script), ...loadedBy(script).map(textOf)];
  const loads = (text, library) => new RegExp("\\b(?:from|import|require)\\b\\s*\\(?\\s*[\"']" + library + "[\"']").test(text);
  return libraries.find(({ library }) => texts.some((text) => loads(text, library))) ?? null;
}

const textOf = (file) => { try { return fs.readFileSync(file, "utf8"); } catch { return ""; } };

/** The files of the project that a program names. */
function loadedBy(script) {
  const named = [...textOf(script).matchAll(/["'](\.\.?\/[^"'\n]+)["']/g)].slice(0, 200);
  return named.flatMap(([, name]) => ["", ".js", ".cjs", ".mjs", "/index.js"].map((end) => path.resolve(path.dirname(script), name + end)));
}

/** Whether this program has tests for Node's runner, although it starts without --test. It must not start the runner itself. */
function isTestProgram(script) {
  const text = textOf(script);
  const loads = /^\s*(import\b[^;"']*|(const|let|var)\b[^;="']*=\s*require\(\s*)["']node:test["']/m;
  return loads.test(text) && !/\brun\s*\(/.test(text);
}

/** The words without those that we set ourselves. */
function kept(words, { valued, dropped, words: renamed }) {
  const isDropped = new RegExp(...dropped);
  const result = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    if (!word.startsWith("-")) { result.push(index === 0 ? renamed[word] ?? word : word); continue; }
    const flag = word.split("=", 1)[0];
    const value = !word.includes("=") && valued.includes(flag) ? [words[++index]] : [];
    if (!isDropped.test(flag)) result.push(word, ...value.filter((each) => each !== undefined));
  }
  return result;
}

function isInstalled(name) {
  if (process.versions.pnp !== undefined) {
    const { createRequire } = require("node:module");
    try { return createRequire(path.resolve("package.json")).resolve(name + "/package.json") !== null; } catch { return false; }
  }
  for (let at = process.cwd(); ; at = path.dirname(at)) {
    if (fs.existsSync(path.join(at, "node_modules", name, "package.json"))) return true;
    if (path.dirname(at) === at) return false;
  }
}

function coverageOf({ coverage }, words) {
  if (coverage === null) return [];
  const configuration = fs.readdirSync(".")
    .filter((name) => /^(package\.json|(jest|vitest|vite)\.config\.[cm]?[jt]s(on)?)$/.test(name))
    .map((name) => fs.readFileSync(name, "utf8"));
  const isOwn = new RegExp(coverage.own).test([words.join(" "), ...configuration].join("\n"));
  if (isOwn) return coverage.flags;
  const canMeasure = coverage.needs === null || coverage.needs.some(isInstalled);
  return coverage.isWanted && canMeasure ? [...coverage.flags, ...coverage.withoutThreshold] : [];
}

/** With our configuration, which includes the one that is named or found. */
function configured({ configuration }) {
  if (configuration === null) return (words) => words;
  const { defaults, variable, values, file } = configuration;
  process.argv.forEach((word, index, all) => {
    const [flag, value = all[index + 1]] = word.split(/=(.*)/s);
    if (flag in values) process.env[values[flag]] = value;
  });
  return ([first, ...words]) => {
    const named = words.find((word) => !word.startsWith("-"));
    const own = named ?? defaults.find((name) => fs.existsSync(name));
    if (own !== undefined) process.env[variable] = path.resolve(own);
    return [first, file, ...words.filter((word) => word !== named)];
  };
}

function begin(found) {
  const words = process.argv.slice(2);
  const name = String(process.hrtime.bigint()).padStart(20, "0") + "-" + process.pid;
  const folder = found.isWrapper ? SHARED : path.join(PARTS, name);
  const inPart = (text) => text.replaceAll("<part>", folder);
  const added = [...found.flags, ...coverageOf(found, words)].map(inPart);
  if (!found.isWrapper) {
    fs.mkdirSync(folder, { recursive: true });
    process.env.CODITECT_REPORTING = "1";
    process.env.CODITECT_TEST_EVENTS = path.join(folder, "events.jsonl");
  }
  for (const [variable, value] of Object.entries(found.env)) process.env[variable] = inPart(value);
  if (found.output !== null) {
    const { write } = process.stdout;
    process.stdout.write = function (chunk, ...rest) {
      fs.appendFileSync(path.join(folder, found.output), chunk);
      return write.call(this, chunk, ...rest);
    };
  }
  const ended = (code) => { if (!found.isWrapper) fs.writeFileSync(path.join(folder, "exit"), String(code)); };
  const replaced = configured(found);
  const told = { runner: found.runner, folder: process.cwd(), args: kept(words, found) };
  if (found.main === null) {
    const flags = kept(process.execArgv, found);
    told.args = [...flags, ...words, ...process.argv.slice(1, 2)];
    fs.writeFileSync(path.join(folder, "part.json"), JSON.stringify(told));
    const { spawnSync } = require("node:child_process");
    const asRunner = process.execArgv.includes("--test") ? ["--test"] : [];
    const args = [...flags, ...asRunner, ...added, ...process.argv.slice(1)];
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
    ended(status);
    process.exit(status ?? 1);
  }
  if (!found.isWrapper) fs.writeFileSync(path.join(folder, "part.json"), JSON.stringify(told));
  if (found.isWrapper) process.argv.splice(2, Infinity, ...told.args.slice(0, 1), ...added, ...told.args.slice(1));
  else process.argv.splice(2, Infinity, ...replaced(told.args), ...added);
  if (found.loads !== null) require(found.loads);
  process.on("exit", ended);
}

const found = find();
if (found !== null) begin(found);
`;
