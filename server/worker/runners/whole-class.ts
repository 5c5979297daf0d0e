import type { ProcessResult } from "../process.ts";
import { qualifiedName, type JUnitCase } from "./junit.ts";
import type { TestResults } from "./runner.ts";
import { testCase } from "./test-case.ts";

/** Recognizes a failure before or after the tests of a class. A report lists it like a test. */
type IsOfWholeClass = (test: JUnitCase) => boolean;

const jvmNames = new Set(["", "initializationError", "executionError", "classMethod"]);

/** JUnit's names for such a failure, in the reports of Surefire and Gradle. */
export const ofJvmClass: IsOfWholeClass = ({ name }) => jvmNames.has(name);

/**
 * PHPUnit reports such a case without a class for a class without tests and for a data provider that fails.
 */
export const ofPhpClass: IsOfWholeClass = ({ name, classname }) =>
  /^(setUpBeforeClass|tearDownAfterClass)$/.test(name) ||
  (classname === "" && /^(Error|Warning)$/.test(name));

/** The names of all runners, for a report of an unknown runner. */
export const ofAnyClass: IsOfWholeClass = (test) => ofJvmClass(test) || ofPhpClass(test);

/**
 * Separates the tests of a report from failures outside of tests. A class whose tests could not start counts
 * as a file that could not be loaded. A class that failed after its tests counts as an error.
 */
export const resultsOfCases = (
  cases: readonly JUnitCase[],
  file: (test: JUnitCase) => string,
  {
    name = qualifiedName,
    isOfWholeClass = () => false,
  }: { name?: (test: JUnitCase) => string; isOfWholeClass?: IsOfWholeClass } = {},
): Pick<TestResults, "tests" | "load_errors" | "errors"> => {
  const isOutside = (test: JUnitCase): boolean => test.status === "failed" && isOfWholeClass(test);
  const isRun = (test: JUnitCase): boolean => test.status !== "skipped" && !isOutside(test);
  const ran = new Set(cases.flatMap((each) => (isRun(each) ? [file(each)] : [])));
  const tests: TestResults["tests"] = [];
  const load_errors: TestResults["load_errors"] = [];
  const errors: TestResults["errors"] = [];
  for (const each of cases) {
    const at = file(each);
    const message = each.message ?? "";
    if (!isOutside(each)) tests.push(testCase(each, name(each), at));
    else if (at === "" || ran.has(at))
      errors.push({ name: `${each.classname || each.suite} failed outside of its tests`, message });
    else load_errors.push({ file: at, message });
  }
  return { tests, load_errors, errors };
};

/** The output of Maven and Gradle if a project ignores test failures. */
const ignoresFailures = /There (?:are test failures|were failing tests)\b/;

/**
 * Leaves out failures of tests that passed when the runner retried them. Exit code 0 means that the runner
 * counts them as passed, unless the project ignores failures. If a test repeats on purpose and fails once,
 * the exit code is not 0.
 */
export const withoutRetries = (
  cases: readonly JUnitCase[],
  { exit_code, output }: Pick<ProcessResult, "exit_code" | "output">,
): JUnitCase[] => {
  if (exit_code !== 0 || ignoresFailures.test(output)) return [...cases];
  const key = ({ classname, name }: JUnitCase): string => `${classname}\n${name}`;
  const passed = new Set(cases.filter(({ status }) => status === "passed").map(key));
  return cases.filter((test) => test.status !== "failed" || !passed.has(key(test)));
};
