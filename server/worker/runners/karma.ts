import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { eventsFile, readEvents } from "./events.ts";
import { nameSeparator } from "./names.ts";
import { nodeProgram, nodeVariables, programOnPath } from "./package.ts";
import { filesBelow } from "./report-files.ts";
import type { RunnerAdapter, TestJob } from "./runner.ts";
import { nodeFlags, splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";
import { exists } from "../../workspace/file-access.ts";

const rules: ArgumentRules = {
  valued: new Set("--port --reporters --browsers --log-level --capture-timeout".split(" ")),
  dropped:
    /^(--single-run|--no-single-run|--auto-watch|--no-auto-watch|--reporters|--browsers|--colors|--no-colors)$/,
};

/** The variable that passes the browsers of a script to our configuration, separated by commas. */
const BROWSERS = "CODITECT_KARMA_BROWSERS";

const configurationNames = ["karma.conf.js", "karma.conf.cjs", "karma.conf.mjs", "karma.conf.ts"];

/**
 * A configuration that includes the project's own, runs once and writes events for `events.ts`. Browsers run headless,
 * because instances have no screen. Chrome runs without its sandbox, because instances have their own.
 */
const configuration = `
"use strict";
const { appendFileSync } = require("node:fs");
const { dirname, resolve } = require("node:path");
const { pathToFileURL } = require("node:url");
const tell = (event) => appendFileSync(process.env.CODITECT_TEST_EVENTS, JSON.stringify(event) + "\\n");
const own = process.env.CODITECT_KARMA_CONFIGURATION;
const nameOf = (browser, count) => (count > 1 ? ["[" + browser.name.split(" ")[0] + "]"] : []);
function Reporter(config) {
  this.adapters = [];
  this.onRunStart = () => tell({ type: "begin" });
  this.onSpecComplete = (browser, { suite, description, success, skipped, pending, log, time }) => {
    const status = skipped || pending ? "skipped" : success ? "passed" : "failed";
    tell({
      type: "test",
      file: "",
      name: [...nameOf(browser, config.browsers.length), ...suite, description].join(" > "),
      status,
      duration_ms: time ?? null,
      message: status === "failed" ? (log ?? []).join("\\n").slice(0, 20000) : null,
    });
  };
  this.onBrowserError = (_, error) => {
    const message = String(error?.message ?? error);
    const file = /(?:\\/base\\/|at )([^\\s?:]+\\.[cm]?[jt]sx?)(?:\\?\\w*)?:\\d+/.exec(message)?.[1];
    if (file === undefined) tell({ type: "error", name: "Error outside of the tests: " + message.split("\\n", 1)[0], message });
    else tell({ type: "load_error", file: resolve(config.basePath, file), message });
  };
  this.onBrowserLog = () => {};
  this.onRunComplete = () => tell({ type: "end" });
}
Reporter.$inject = ["config"];
const headless = (name, launchers) => {
  const { base = name, flags = [] } = launchers[name] ?? {};
  if (/^Firefox/.test(base)) return [name, { base: "FirefoxHeadless", flags }];
  if (!/^Chrom/.test(base)) return null;
  return [name + "WithoutSandbox", { base: base.replace(/(Headless)?$/, "Headless"), flags: [...flags, "--no-sandbox", "--disable-dev-shm-usage"] }];
};
module.exports = async (config) => {
  const loaded = await import(pathToFileURL(own).href);
  await (loaded.default ?? loaded)(config);
  const launchers = config.customLaunchers ?? {};
  const asked = process.env.CODITECT_KARMA_BROWSERS?.split(",") ?? config.browsers ?? [];
  const browsers = asked.map((name) => [name, headless(name, launchers)]);
  config.set({
    basePath: resolve(dirname(own), config.basePath || ""),
    singleRun: true,
    autoWatch: false,
    reporters: ["dots", "coditect"],
    plugins: [...(config.plugins ?? ["karma-*"]), { "reporter:coditect": ["type", Reporter] }],
    customLaunchers: { ...launchers, ...Object.fromEntries(browsers.flatMap(([, each]) => (each === null ? [] : [each]))) },
    browsers: browsers.map(([name, each]) => each?.[0] ?? name),
  });
};
`;

const configurationOf = (folder: string, patterns: readonly string[]): string => {
  const given = patterns.find((pattern) => pattern !== "start");
  return resolve(folder, given ?? configurationNames.find((name) => exists(join(folder, name))) ?? "");
};

const askedBrowsers = (args: readonly string[]): Record<string, string> => {
  const place = args.findIndex((word) => word.startsWith("--browsers"));
  const value = args[place]?.split("=", 2)[1] ?? args[place + 1];
  return place < 0 || value === undefined ? {} : { [BROWSERS]: value };
};

/** The path of Chrome on Debian and other systems, for launchers that look for Google's own. */
const chrome = (): Record<string, string> => {
  const program = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser"]
    .map((name) => programOnPath(name))
    .find((each) => each !== null);
  return program === undefined || process.env.CHROME_BIN !== undefined ? {} : { CHROME_BIN: program };
};

/** Finds the file of a test by its names, because Karma loads all files into one page. */
const filesOf = async (folder: string): Promise<(name: string) => string> => {
  const paths = await filesBelow(folder, /(\.(spec|test)|(^|\/)(tests?|specs?)\/.+)\.[cm]?[jt]sx?$/);
  const texts = await Promise.all(
    paths.map(async (path) => [path, await readFile(join(folder, path), "utf8")] as const),
  );
  return (name) => {
    const parts = name.split(nameSeparator).filter((part) => !part.startsWith("["));
    const found = texts.filter(([, text]) => parts.every((part) => text.includes(part)));
    return found.length === 1 ? (found[0]?.[0] ?? "") : "";
  };
};

export const karma: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/karma\/bin\/karma$/,
    onlyWith: ["start"],
    rules,
    flags: () => [],
    configuration: {
      defaults: configurationNames,
      variable: "CODITECT_KARMA_CONFIGURATION",
      values: { "--browsers": BROWSERS },
      file: "karma-configuration.cjs",
    },
    env: chrome,
  },
  files: { "karma-configuration.cjs": configuration },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, rules);
    const words = [nodeProgram(), ...nodeFlags(job.script), job.program ?? "karma", "start"];
    return Promise.resolve({
      command: [...words, join(job.reportFolder, "karma-configuration.cjs"), ...flags],
      env: {
        ...nodeVariables(),
        ...chrome(),
        CODITECT_TEST_EVENTS: eventsFile(job),
        CODITECT_KARMA_CONFIGURATION: configurationOf(job.folder, patterns),
        ...askedBrowsers(job.script.args),
      },
    });
  },
  read: async (job: TestJob) => {
    const { begun: _, loading: __, ...results } = await readEvents(job);
    const fileOf = await filesOf(job.folder);
    const tests = results.tests.map((test) => ({ ...test, file: fileOf(test.name) }));
    // Karma has no filter that all its frameworks support, so all tests run, and those with the name count.
    const { name } = job;
    return { ...results, tests: name === null ? tests : tests.filter((test) => test.name.includes(name)) };
  },
};
