import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestCase } from "../../../schemas/tests.ts";
import { readReport } from "./events.ts";
import { nameSeparator } from "./names.ts";
import { filesBelow } from "./report-files.ts";
import { noResults, type TestJob, type TestResults } from "./runner.ts";
import { printsTap, readTap, tapFile } from "./tap.ts";

/** What AVA puts between the parts of a file's path and the title of a test. */
const SEPARATOR = " › ";

const exited = /^(.+) exited (?:with a non-zero exit code: \d+|due to \w+)$/;
const withoutTests = /^No tests found in ([^,]+)/;
const outsideOfTests =
  /^(?:\w*(?:Error|Exception)(?: \[\w+\])?: |(?:Uncaught exception|Unhandled rejection) in )/;

/** A file as AVA shows it before titles: the parts of its path without test folders and suffixes. */
const shownParts = (file: string): string[] => {
  const parts = file.split("/").filter((part) => part !== "__tests__");
  const name = (parts.pop() ?? "")
    .replace(/\.(spec|test)\./, ".")
    .replace("test-", "")
    .replace(/\.\w+$/, "");
  return [...parts, name];
};

/** The test files of the package, which are those that import AVA. */
const testFiles = async (folder: string): Promise<string[]> => {
  const files: string[] = [];
  for (const path of await filesBelow(folder, /\.[cm]?[jt]sx?$/))
    if (/["']ava["']/.test(await readFile(join(folder, path), "utf8"))) files.push(path);
  return files;
};

/** The file and the title of a test. AVA shows only the end of the path, or nothing if only one file runs. */
const placeOf = (shown: string, files: readonly string[]): Pick<TestCase, "file" | "name"> => {
  const parts = shown.split(SEPARATOR);
  for (let count = parts.length - 1; count > 0; count -= 1) {
    const prefix = parts.slice(0, count).join("/");
    const [file] = files
      .filter((path) => `/${shownParts(path).join("/")}`.endsWith(`/${prefix}`))
      .sort((one, other) => one.length - other.length);
    if (file !== undefined) return { file, name: parts.slice(count).join(SEPARATOR) };
  }
  return { file: files.length === 1 ? (files[0] ?? "") : "", name: shown };
};

/** AVA's TAP, in which an error outside of tests and a file that cannot be loaded are entries like tests. */
export const readAva = (text: string, files: readonly string[]): TestResults => {
  const { tests, isComplete } = readTap(text);
  const results = noResults(isComplete);
  const broken: { file: string; message: string }[] = [];
  let said: TestCase[] = [];
  for (const test of tests) {
    const left = exited.exec(test.name)?.[1] ?? withoutTests.exec(test.name)?.[1];
    if (left !== undefined) {
      const message = [...said.map(({ name, message: more }) => `${name}\n${more ?? ""}`), test.name];
      broken.push({ file: left, message: message.join("\n") });
      said = [];
    } else if (test.status === "failed" && outsideOfTests.test(test.name)) said.push(test);
    else results.tests.push({ ...test, ...placeOf(test.name, files) });
  }
  const errorOf = ({ name, message }: TestCase) => ({
    name: `Error outside of the tests: ${name}`,
    message: message ?? "",
  });
  results.errors.push(...said.map(errorOf));
  for (const { file, message } of broken)
    if (results.tests.some((test) => test.file === file))
      results.errors.push({ name: `${file} failed outside of its tests`, message });
    else results.load_errors.push({ file, message });
  return results;
};

const read = async (job: TestJob): Promise<TestResults> => {
  const text = await readReport(tapFile(job));
  return text === null ? noResults(false) : readAva(text, job.files ?? (await testFiles(job.folder)));
};

export const ava = {
  ...printsTap(
    "ava",
    /\/node_modules\/ava\/(entrypoints\/cli\.mjs|cli\.js)$/,
    {
      valued: new Set("--match -m --timeout -T --concurrency -c --config --node-arguments".split(" ")),
      dropped: /^(--tap|-t|--watch|-w|--fail-fast|--update-snapshots|-u|--verbose|-v)$/,
    },
    ["--tap", "--no-fail-fast"],
    ({ name }) => (name === null ? [] : [`--match=*${name.split(nameSeparator).at(-1) ?? ""}*`]),
  ),
  read,
};
