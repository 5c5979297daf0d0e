import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { TestCase, TestReport } from "../../../schemas/tests.ts";
import { globExpression } from "../../workspace/glob-expression.ts";
import { readInside } from "../../workspace/open.ts";
import type { ProcessResult } from "../process.ts";
import { sourceFile } from "./class-sources.ts";
import { readJUnit, type JUnitCase } from "./junit.ts";
import { nameSeparator } from "./names.ts";
import { filesBelow } from "./report-files.ts";
import { describeResults } from "./report.ts";
import { noResults, type TestJob, type TestResults } from "./runner.ts";
import { readTap } from "./tap.ts";
import { ofAnyClass, resultsOfCases } from "./whole-class.ts";

/**
 * The user's name for the report of a command: a path or glob below the project, or `-` for its output. The report is
 * in JUnit's XML or the Test Anything Protocol.
 */
export type ReportName = string;

/** The maximum size and number of reports that are read. */
const LARGEST_REPORT = 32 * 1024 * 1024;
const MOST_REPORTS = 500;

const extensions = "py js mjs cjs ts tsx java kt cs php rb go rs swift scala c cc cpp".split(" ");
const program = /\.(py|[cm]?[jt]sx?|java|kt|cs|php|rb|go|rs|swift|scala|c|cc|cpp)$/;

const printed = "printed.tap";

const reportsIn = async (folder: string, name: ReportName): Promise<string[]> => {
  const expression = globExpression(name.replace(/^\.\//, ""));
  if (expression === null) return [];
  return (await filesBelow(folder, new RegExp(`^${expression}$`))).slice(0, MOST_REPORTS);
};

/** Removes reports of earlier runs, so that only reports of this run are read. */
export const removeReports = async (folder: string, name: ReportName): Promise<void> => {
  for (const path of name === "-" ? [] : await reportsIn(folder, name)) await rm(join(folder, path));
};

/** A line for a shell. If the report is the output, the line writes it to the file that is read. */
export const keepingOutput = (line: string, name: ReportName, reportFolder: string): string =>
  name === "-" ? `{ ${line}\n} > '${join(reportFolder, printed)}'` : line;

const textsOf = async (job: TestJob, name: ReportName): Promise<string[]> => {
  const [folder, paths] =
    name === "-" ? [job.reportFolder, [printed]] : [job.folder, await reportsIn(job.folder, name)];
  return paths.flatMap((path) => readInside(folder, path, { most: LARGEST_REPORT })?.toString("utf8") ?? []);
};

/** The file of a test, also if the report names only a class or module, such as `shop.cart_test.TestCart`. */
const fileOf = (test: JUnitCase, programs: readonly string[]): string => {
  if (test.file !== "") return test.file;
  const parts = test.classname.split(/[.:\\]+/);
  const names = parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
  if (programs.includes(test.classname)) return test.classname;
  return names.map((each) => sourceFile(programs, each, extensions)).find((found) => found !== "") ?? "";
};

/** A test of TAP. The first part of its name may be the file. */
const tapTest = (test: TestCase): TestCase => {
  const [first = "", ...rest] = test.name.split(nameSeparator);
  return rest.length > 0 && program.test(first)
    ? { ...test, file: first, name: rest.join(nameSeparator) }
    : test;
};

const resultsOf = async (job: TestJob, name: ReportName): Promise<TestResults> => {
  const texts = await textsOf(job, name);
  if (texts.length === 0) return noResults(false);
  const programs = await filesBelow(job.folder, program);
  const isXml = (text: string): boolean => text.trimStart().startsWith("<");
  const taps = texts.filter((text) => !isXml(text)).map((text) => readTap(text));
  const cases = texts.filter(isXml).flatMap(readJUnit);
  const { tests, ...outside } = resultsOfCases(cases, (test) => fileOf(test, programs), {
    isOfWholeClass: ofAnyClass,
  });
  const tapTests = taps.flatMap((tap) => tap.tests.map(tapTest));
  const complete = taps.every(({ isComplete }) => isComplete);
  return { ...noResults(complete), ...outside, tests: [...tests, ...tapTests] };
};

/**
 * Reads the report of a command that reports its tests itself. Its exit code decides. Without a report, the run counts
 * as incomplete.
 */
export const readNamedReport = async (
  root: string,
  given: Omit<TestJob, "runner">,
  name: ReportName,
  { command, ended }: { command: readonly string[]; ended: ProcessResult },
): Promise<TestReport> => {
  const job: TestJob = { ...given, runner: "report" };
  try {
    const results = await resultsOf(job, name);
    const missing = results.complete ? "" : `The test command left no complete report at ${name}.\n`;
    const told = { ...ended, output: missing + ended.output };
    return describeResults(root, job, { command, ended: told, results });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const output = `The report ${basename(name)} could not be read: ${reason}\n${ended.output}`;
    return describeResults(root, job, { command, ended: { ...ended, output }, results: noResults(false) });
  }
};
