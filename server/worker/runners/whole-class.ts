import { qualifiedName, type JUnitCase } from "./junit.ts";
import type { TestResults } from "./runner.ts";
import { testCase } from "./test-case.ts";

/** Names that runners give to failures before or after the tests of a class. */
const outsideOfTests = new Set([
  "",
  "initializationError",
  "executionError",
  "classMethod",
  "setUpBeforeClass",
  "tearDownAfterClass",
]);

/** PHPUnit's own cases, for a class without tests and for a data provider that fails. */
const ofNoClass = new Set(["Error", "Warning"]);

const isOfWholeClass = ({ name, classname, status }: JUnitCase): boolean =>
  status === "failed" && (outsideOfTests.has(name) || (classname === "" && ofNoClass.has(name)));

/**
 * Separates the tests of a report from failures outside of tests. A class whose tests could not begin is a
 * file that could not be loaded. A class that failed after its tests is an error.
 */
export const resultsOfCases = (
  cases: readonly JUnitCase[],
  file: (test: JUnitCase) => string,
  name: (test: JUnitCase) => string = qualifiedName,
): Pick<TestResults, "tests" | "load_errors" | "errors"> => {
  const ran = new Set(cases.flatMap((each) => (isRun(each) ? [file(each)] : [])));
  const tests: TestResults["tests"] = [];
  const load_errors: TestResults["load_errors"] = [];
  const errors: TestResults["errors"] = [];
  for (const each of cases) {
    const at = file(each);
    const message = each.message ?? "";
    if (!isOfWholeClass(each)) tests.push(testCase(each, name(each), at));
    else if (at === "" || ran.has(at))
      errors.push({ name: `${each.classname || each.suite} failed outside of its tests`, message });
    else load_errors.push({ file: at, message });
  }
  return { tests, load_errors, errors };
};

const isRun = (test: JUnitCase): boolean => test.status !== "skipped" && !isOfWholeClass(test);

/**
 * Leaves out failures of tests that passed when the runner tried them again. Exit code 0 says that the runner
 * counts them as passed; if a test repeats on purpose and fails once, the exit code is not 0.
 */
export const withoutRetries = (cases: readonly JUnitCase[], exitCode: number | null): JUnitCase[] => {
  if (exitCode !== 0) return [...cases];
  const key = ({ classname, name }: JUnitCase): string => `${classname}\n${name}`;
  const passed = new Set(cases.filter(({ status }) => status === "passed").map(key));
  return cases.filter((test) => test.status !== "failed" || !passed.has(key(test)));
};
