import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { eventsFile, readEvents } from "./events.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { literalGlob } from "./literal-glob.ts";
import { namePattern } from "./names.ts";
import { foldersOf, type ReportFolders, type RunnerAdapter } from "./runner.ts";
import { splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";

export const nodeTestArguments: ArgumentRules = {
  valued: new Set(
    "--import --require -r --loader --experimental-loader --conditions -C --test-reporter --test-reporter-destination --test-name-pattern --test-skip-pattern".split(
      " ",
    ),
  ),
  dropped:
    /^--(test|watch.*|test-reporter.*|test-only|test-update-snapshots|test-name-pattern|test-shard|experimental-test-coverage|test-coverage-(branches|functions|lines))$/,
};

/**
 * A reporter for node:test that writes events for `events.ts`. `definitions` define `line`, which writes an event, and
 * `failureOf`, which gives the reason of a failure. With `passingFiles`, a file in which no test ran is a test that passes.
 *
 * A test belongs to the file that Node started, also if a helper declares it. The suites of a test are known from the
 * start events before it, which come in the order of the report. Node reports a file that failed like a test, and may do
 * so before the tests in it. Therefore, the failures of files are judged at the end: tests that failed explain them.
 */
export const nodeReporter = (definitions: string, { passingFiles }: { passingFiles: boolean }): string => `
import { resolve } from "node:path";
${definitions}
const PASSING_FILES = ${passingFiles};
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
  const failedFiles = [];
  const test = (file, name, status, { details }, message) =>
    line({
      type: "test",
      file,
      name,
      status,
      duration_ms: details?.duration_ms ?? null,
      message,
      failure: status === "failed" ? failureOf(details.error?.cause ?? details.error) : undefined,
    });
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
      const file = data.entryFile ?? data.file ?? resolve(data.name);
      const isFile = data.nesting === 0 && resolve(data.name) === file;
      const failed = type === "test:fail" && data.todo === undefined;
      if (failed && data.details?.error?.failureType === "subtestsFailed") continue;
      if (isFile && failed) {
        failedFiles.push({ file, data });
        continue;
      }
      if (!failed && (data.details?.type === "suite" || (isFile && !PASSING_FILES))) continue;
      if (!isFile) ran.set(file, failed || ran.get(file) === true);
      const skipped = data.skip !== undefined || data.todo !== undefined;
      const name = [...path.slice(0, data.nesting), data.name].join(" > ");
      const message = failed ? text(data.details.error) : null;
      yield test(file, name, failed ? "failed" : skipped ? "skipped" : "passed", data, message);
    }
  }
  for (const { file, data } of failedFiles) {
    const message = errors.get(file) || text(data.details.error);
    if (!ran.has(file)) yield line({ type: "load_error", file, message });
    else if (!ran.get(file)) yield test(file, data.name, "failed", data, message);
  }
  yield line({ type: "end" });
}
`;

const reporter = nodeReporter(
  `const line = (event) => JSON.stringify(event) + "\\n";
const failureOf = () => undefined;`,
  { passingFiles: true },
);

/**
 * A script that is loaded before each test file. It ends a finished file that a test has left something open in, but
 * waits a moment for late errors, which Node's own `--test-force-exit` does not. It also waits until the runner has
 * read all results. A file that waits at its top level may declare more tests, so it ends by itself.
 */
const grace = `
import { readFileSync, statSync } from "node:fs";
import { after } from "node:test";
const GRACE_MS = 2000;
const exit = () => {
  if (process.stdout.writableLength > 0) setTimeout(exit, 20);
  else process.exit();
};
const waits = /^(?=\\S)(?:(?!=>|\\basync\\b|\\bfunction\\b|\\/\\/).)*\\bawait\\b/m;
// Node says best what is wrong with a path that is no file.
const mayEnd = (file) =>
  statSync(file, { throwIfNoEntry: false })?.isFile() === true && !waits.test(readFileSync(file, "utf8"));
// With --test-isolation=none, this is the process of the whole run, which may have no file.
if (process.env.NODE_TEST_CONTEXT?.startsWith("child") && mayEnd(process.argv[1]))
  after(() => { setTimeout(exit, GRACE_MS).unref(); });
`;

const reportFlags = ({ report: reportFolder, files }: ReportFolders): string[] => [
  `--import=${pathToFileURL(join(files, "node-grace.mjs")).href}`,
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  `--test-reporter=${join(files, "node-reporter.mjs")}`,
  `--test-reporter-destination=${eventsFile({ reportFolder })}`,
];

/** Node's own runner, `node --test`, from Node 22 on. */
export const nodeTest: RunnerAdapter = {
  hook: {
    main: null,
    rules: {
      ...nodeTestArguments,
      dropped: /^--(test|watch.*|test-reporter.*|test-update-snapshots)$/,
    },
    flags: reportFlags,
    coverage: {
      flags: () => ["--experimental-test-coverage"],
      withoutThreshold: [],
      own: /--experimental-test-coverage/,
    },
  },
  files: { "node-reporter.mjs": reporter, "node-grace.mjs": grace },
  launch: (job) => {
    const { flags, patterns } = splitArguments(job.script.args, nodeTestArguments);
    // `tsx --test` is Node with tsx's hooks.
    const hooks = basename(job.script.name) === "tsx" ? ["--import", "tsx"] : [];
    return Promise.resolve({
      command: [
        nodeProgram(),
        ...hooks,
        ...flags,
        ...(process.features.typescript === false ? ["--experimental-strip-types"] : []),
        "--test",
        ...reportFlags(foldersOf(job)),
        ...(job.coverage ? ["--experimental-test-coverage"] : []),
        ...(job.name === null ? [] : [`--test-name-pattern=${namePattern(job.name)}`]),
        ...(job.files?.map(literalGlob) ?? patterns),
      ],
      env: nodeVariables(),
    });
  },
  read: readEvents,
};
