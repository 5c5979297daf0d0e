import type { TestCase } from "../../../schemas/tests.ts";
import type { ProcessResult } from "../process.ts";
import { readReport } from "./events.ts";
import { namePattern, nameSeparator } from "./names.ts";
import { nodeProgram, nodeVariables } from "./package.ts";
import { reportFile, withStandardOutputIn } from "./report-files.ts";
import { noResults, type ReportHook, type RunnerAdapter, type TestJob, type TestResults } from "./runner.ts";
import { nodeFlags, splitArguments, type ArgumentRules } from "../../workspace/test-script.ts";

const point = /^(\s*)(not ok|ok)\b(.*)$/is;
const number = /^\s*(?:\d+)?\s*-?\s*/;
const directive = /#\s*(SKIP|TODO|time)\b/i;

/** Reads a test point from a line. It takes several steps, because a single expression is slow for a line of spaces. */
const readPoint = (line: string): { indent: number; isOk: boolean; name: string; says: string } | null => {
  const [, space = "", word, rest = ""] = point.exec(line) ?? [];
  if (word === undefined) return null;
  const said = rest.replace(number, "");
  const found = directive.exec(said);
  const name = said.slice(0, found?.index).trim();
  return { indent: space.length, isOk: word.toLowerCase() === "ok", name, says: found?.[1] ?? "" };
};

/**
 * The tests of a report in the Test Anything Protocol. The line of a suite follows its tests and is less indented. Its
 * name becomes part of theirs, and it does not count as a test.
 */
export const readTap = (text: string): { tests: TestCase[]; isComplete: boolean } => {
  const waiting: { indent: number; test: TestCase }[] = [];
  let isComplete = false;
  let detail: { indent: number; lines: string[]; test: TestCase } | null = null;
  let last: TestCase | null = null;
  for (const line of text.split(/\r?\n/)) {
    if (detail !== null) {
      if (/^\s*\.\.\.\s*$/.test(line)) {
        detail.test.message ??= detail.lines.join("\n").trim();
        detail = null;
      } else detail.lines.push(line);
      continue;
    }
    if (/^\s*---\s*$/.test(line) && last?.status === "failed") {
      detail = { indent: 0, lines: [], test: last };
      continue;
    }
    if (/^1\.\.\d+/.test(line)) isComplete = true;
    const said = readPoint(line);
    if (said === null) continue;
    const { indent, isOk, name, says } = said;
    const isSkipped = /^(skip|todo)$/i.test(says);
    const status = isSkipped ? "skipped" : isOk ? "passed" : "failed";
    const test: TestCase = {
      file: "",
      name: name.replaceAll("\\#", "#"),
      status,
      duration_ms: null,
      message: null,
    };
    // Each waiting entry is indented at least as far as the ones before it.
    const firstInner = waiting.findLastIndex((each) => each.indent <= indent) + 1;
    const inner = waiting.slice(firstInner);
    for (const each of inner) {
      each.test.name = `${test.name}${nameSeparator}${each.test.name}`;
      each.indent = indent;
    }
    if (inner.length === 0) waiting.push({ indent, test });
    last = test;
  }
  return {
    tests: waiting.map(({ test }) => ({
      ...test,
      message: test.status === "failed" ? (test.message ?? "") : null,
    })),
    isComplete,
  };
};

/** A test with its file. In a TAP report, the first part of a name may be the file. */
const placed = (test: TestCase, files: readonly string[] | null): TestCase => {
  const [first = "", ...rest] = test.name.split(nameSeparator);
  if (rest.length > 0 && /\.[cm]?[jt]sx?$/.test(first))
    return { ...test, file: first, name: rest.join(nameSeparator) };
  return files?.length === 1 ? { ...test, file: files[0] ?? "" } : test;
};

export const tapFile = (job: Pick<TestJob, "reportFolder">): string => reportFile(job, "output.tap");

/**
 * Joins the assertions of each test. node-tap reports assertions, and an error that a test throws in their place, so
 * that their names change with the code. An assertion outside of tests keeps its name.
 */
export const joinAssertions = (points: readonly TestCase[]): TestCase[] => {
  const byTest = Map.groupBy(points, ({ file, name }) => {
    const parts = name.split(nameSeparator);
    return `${file}\n${(parts.length > 1 ? parts.slice(0, -1) : parts).join(nameSeparator)}`;
  });
  return [...byTest].map(([key, own]) => {
    const failed = own.filter(({ status }) => status === "failed");
    const [first] = failed;
    const [file = "", name = ""] = key.split("\n");
    const isSkipped = own.every(({ status }) => status === "skipped");
    return {
      file,
      name,
      status: first !== undefined ? "failed" : isSkipped ? "skipped" : "passed",
      duration_ms: null,
      message: first === undefined ? null : failed.map(withItsName).join("\n\n"),
    };
  });
};

const withItsName = ({ name, message }: TestCase): string =>
  `not ok - ${name.split(nameSeparator).at(-1) ?? name}\n${message ?? ""}`.trimEnd();

const readTapReport = async (job: TestJob, ended: ProcessResult): Promise<TestResults> => {
  const text = await readReport(tapFile(job));
  if (text === null) return noResults(false);
  const { tests, isComplete } = readTap(text);
  const results = { ...noResults(isComplete), tests: tests.map((test) => placed(test, job.files)) };
  // A file in which no test ran is a separate entry.
  const isUnloaded = ({ status, file, name }: TestCase): boolean =>
    status === "failed" && file !== "" && (name === file || file.endsWith(`/${name}`));
  const unloaded = results.tests.filter(isUnloaded);
  return {
    ...results,
    tests: joinAssertions(results.tests.filter((test) => !isUnloaded(test))),
    load_errors: unloaded.map(({ file, message }) => ({
      file,
      message: [ended.output.trim(), message ?? ""].filter((part) => part !== "").join("\n"),
    })),
  };
};

/** A Node runner that can print TAP. */
export const printsTap = (
  name: string,
  main: RegExp,
  rules: ArgumentRules,
  flags: readonly string[],
  selection: (job: TestJob) => string[],
): RunnerAdapter => {
  const hook: ReportHook = { main, rules, flags: () => [...flags], output: "output.tap" };
  return {
    hook,
    launch: (job) => {
      const { flags: own, patterns } = splitArguments(job.script.args, rules);
      const words = [nodeProgram(), ...nodeFlags(job.script), job.program ?? name, ...own, ...flags];
      return Promise.resolve({
        command: withStandardOutputIn(tapFile(job), [
          ...words,
          ...selection(job),
          ...(job.files ?? patterns),
        ]),
        env: nodeVariables(),
      });
    },
    read: readTapReport,
  };
};

export const tap = printsTap(
  "tap",
  /\/node_modules\/(tap\/bin\/run\.m?js|tap\/dist\/esm\/run\.mjs|@tapjs\/run\/dist\/esm\/index\.js)$/,
  {
    valued: new Set("--reporter -R --jobs -j --timeout -t --grep -g --output-file -o --config -c".split(" ")),
    dropped: /^(--reporter|-R|--watch|-w|--bail|-b|--snapshot|-S|--repl)$/,
  },
  ["--reporter=tap"],
  ({ name }) => (name === null ? [] : [`--grep=/${namePattern(name)}/`]),
);
