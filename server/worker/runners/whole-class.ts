import { qualifiedName, type JUnitCase } from "./junit.ts";
import type { TestResults } from "./runner.ts";
import { testCase } from "./test-case.ts";

/** Names that runners give to what fails before or after the tests of a class. */
const outsideOfTests = new Set([
  "",
  "initializationError",
  "executionError",
  "classMethod",
  "setUpBeforeClass",
  "tearDownAfterClass",
]);

/** PHPUnit's own cases, for a class without tests and for rows of a test that cannot be made. */
const ofNoClass = new Set(["Error", "Warning"]);

const isOfWholeClass = ({ name, classname, status }: JUnitCase): boolean =>
  status === "failed" && (outsideOfTests.has(name) || (classname === "" && ofNoClass.has(name)));

/**
 * The tests of a report, and apart from them what failed outside of every test: a class whose tests
 * could not begin is a file that could not be loaded, and one that failed after them is an error.
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
 * Without the failures of tests that passed when they ran once more. The command's exit code says that
 * these count as passed; a test that is repeated by intent, and failed once, has another.
 */
export const withoutRetries = (cases: readonly JUnitCase[], exitCode: number | null): JUnitCase[] => {
  if (exitCode !== 0) return [...cases];
  const key = ({ classname, name }: JUnitCase): string => `${classname}\n${name}`;
  const passed = new Set(cases.filter(({ status }) => status === "passed").map(key));
  return cases.filter((test) => test.status !== "failed" || !passed.has(key(test)));
};
