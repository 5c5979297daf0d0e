import { join } from "node:path";
import { eventsFile, readEvents } from "./events.ts";
import { literalGlob } from "./literal-glob.ts";
import { nameSeparator } from "./names.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { foldersOf, type ReportFolders, type RunnerAdapter } from "./runner.ts";
import { nodeFlags, splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";
import { unloadedResults } from "./unloaded-file.ts";

const rules: ArgumentRules = {
  valued: new Set(),
  dropped: /^(--reporter|--filter|--fail-fast|--stop-on-failure|--(no-)?color)$/,
};

/** A reporter for Jasmine that writes events for `events.ts`. Only Jasmine 5 and later report files. */
const reporter = `
"use strict";
const { appendFileSync } = require("node:fs");
const tell = (event) => appendFileSync(process.env.CODITECT_TEST_EVENTS, JSON.stringify(event) + "\\n");
const said = (failures) => failures.map(({ message, stack }) => [message, stack].filter(Boolean).join("\\n")).join("\\n\\n");
const suites = [];
class Reporter {
  jasmineStarted() { tell({ type: "begin" }); }
  suiteStarted({ description }) { suites.push(description); }
  suiteDone(suite) {
    suites.pop();
    for (const failure of suite.failedExpectations ?? [])
      tell({ type: "error", name: "Error in " + suite.fullName + ": " + failure.message, message: said([failure]) });
  }
  specDone(spec) {
    const status = spec.status === "passed" ? "passed" : spec.status === "failed" ? "failed" : "skipped";
    tell({
      type: "test",
      file: spec.filename ?? "",
      name: [...suites, spec.description].join(" > "),
      status,
      duration_ms: spec.duration ?? null,
      message: status === "failed" ? said(spec.failedExpectations) : null,
    });
  }
  jasmineDone(run) {
    for (const failure of run.failedExpectations ?? [])
      tell(
        failure.globalErrorType === "load"
          ? { type: "load_error", file: /(?:at |\\()(?:file:\\/\\/)?(\\/[^\\s:)]+):\\d+/.exec(failure.stack ?? "")?.[1] ?? "", message: said([failure]) }
          : { type: "error", name: "Error outside of the tests: " + failure.message, message: said([failure]) },
      );
    tell({ type: "end" });
  }
}
module.exports = Reporter;
module.exports.default = Reporter;
`;

const reportFlags = ({ files }: ReportFolders): string[] => [
  `--reporter=${join(files, "jasmine-reporter.cjs")}`,
];

export const jasmine: RunnerAdapter = {
  hook: {
    main: /\/node_modules\/jasmine\/bin\/jasmine(\.js)?$/,
    rules: { ...rules, dropped: /^(--reporter|--fail-fast)$/ },
    flags: reportFlags,
  },
  files: { "jasmine-reporter.cjs": reporter },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, rules);
    const name = job.name === null ? [] : [`--filter=${job.name.split(nameSeparator).join(" ")}`];
    const words = [nodeProgram(), ...nodeFlags(job.script), job.program ?? "jasmine", ...flags];
    return Promise.resolve({
      command: [
        ...words,
        ...reportFlags(foldersOf(job)),
        ...name,
        ...(job.files?.map(literalGlob) ?? patterns),
      ],
      env: { ...nodeVariables(), CODITECT_TEST_EVENTS: eventsFile(job) },
    });
  },
  read: async (job, ended) => {
    const { begun, loading: _, ...results } = await readEvents(job);
    const broken = begun ? null : unloadedResults(job, ended);
    if (broken !== null) return broken;
    // Older major versions do not report the file. It is known only if one file was requested.
    const only = job.files?.length === 1 ? (job.files[0] ?? "") : "";
    return {
      ...results,
      tests: results.tests.map((test) => (test.file === "" ? { ...test, file: only } : test)),
    };
  },
};
