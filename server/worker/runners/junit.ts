import sax from "sax";
import type { TestCase } from "../../../schemas/tests.ts";
import { nameSeparator } from "./names.ts";

/** A test in JUnit's XML. `file` is empty if the report does not contain it. */
export interface JUnitCase extends TestCase {
  /** The class or package that the report names. */
  classname: string;
  /** The name of the innermost suite around it. */
  suite: string;
  /** The type of the failure in the report; empty if there is none, or the report does not name it. */
  failureType: string;
  /** Whether the report calls the failure an error. Surefire does if it is no `AssertionError`. */
  isError: boolean;
}

const statusOf: Readonly<Record<string, TestCase["status"]>> = {
  failure: "failed",
  error: "failed",
  warning: "failed",
  skipped: "skipped",
  disabled: "skipped",
};

/** The message with another part on a new line. A report can have a part for each line, so parts are appended. */
export const withMore = (message: string | null, more: string): string => {
  if (message === null || message === "") return more;
  return more === "" ? message : `${message}\n${more}`;
};

/** The message and its details, which begin with the message in reports of the JVM. */
const withDetails = (message: string | null, details: string): string =>
  message !== null && details.includes(message) ? details : withMore(message, details);

/**
 * The tests of a report in JUnit's XML, which Surefire, Gradle, PHPUnit, CTest, Bun, Deno and many others write. Suites
 * may be nested. The file may be an attribute of the test or of a suite around it, or missing. Throws if the text is
 * not XML.
 */
export const readJUnit = (xml: string): JUnitCase[] => {
  const cases: JUnitCase[] = [];
  const suites: { name: string; file: string }[] = [];
  let test: JUnitCase | null = null;
  let text = "";
  const parser = sax.parser(true, { trim: false });
  parser.onerror = (error) => {
    throw error;
  };
  parser.onopentag = ({ name, attributes }) => {
    const of = (key: string): string => {
      const value = attributes[key];
      return typeof value === "string" ? value : "";
    };
    const around = suites.at(-1);
    if (name === "testsuite")
      suites.push({ name: of("name"), file: of("file") || of("filepath") || (around?.file ?? "") });
    if (name === "testcase") {
      const seconds = Number(of("time"));
      test = {
        file: of("file") || (around?.file ?? ""),
        name: of("name"),
        classname: of("classname") || of("class"),
        suite: around?.name ?? "",
        status: /^(notrun|disabled|skipped)$/.test(of("status")) ? "skipped" : "passed",
        duration_ms: Number.isFinite(seconds) && of("time") !== "" ? seconds * 1000 : null,
        message: null,
        failureType: "",
        isError: false,
      };
      cases.push(test);
    }
    // PHPUnit lets a test with a warning pass; without a class it is none, but says why there is no test.
    const status = name === "warning" && test?.classname !== "" ? undefined : statusOf[name];
    if (test !== null && status !== undefined) {
      test.status = status;
      test.message = status === "failed" ? of("message") : null;
      test.failureType = status === "failed" ? of("type") : "";
      test.isError = name === "error";
    }
    text = "";
  };
  const add = (more: string): void => {
    text += more;
  };
  parser.ontext = add;
  parser.oncdata = add;
  parser.onclosetag = (name) => {
    if (test !== null && test.status === "failed" && /^(failure|error|warning|system-out)$/.test(name))
      test.message = withDetails(test.message, text.trim());
    if (name === "testcase") test = null;
    if (name === "testsuite") suites.pop();
    text = "";
  };
  parser.write(xml).close();
  return cases;
};

/** `Class > test`, or only the test if the class adds nothing. */
export const qualifiedName = ({ classname, name }: JUnitCase): string =>
  classname === "" || classname === name ? name : `${classname}${nameSeparator}${name}`;
