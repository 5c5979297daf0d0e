import { hasPytest, pythonEnvironment } from "../../../workspace/python-environment.ts";
import { testsOfProject, type PackageTests } from "../../../worker/runners/project-tests.ts";

/** The report of `coditect doctor` about the tests of one package. */
interface TestsCheck {
  name: "tests";
  result: "ok" | "missing" | "failed";
  detail: string;
}

const SHOWN_PACKAGES = 10;

/** How the current project is tested: its test runners, the files that name them, and what is missing. */
export const checkTests = (
  workspace: string,
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): TestsCheck[] => {
  // An environment that is not activated is not on PATH, but instances use it.
  const python = pythonEnvironment(workspace, environment, home);
  const packages = testsOfProject(workspace).map((each) =>
    each.runner === "pytest" && python !== null && hasPytest(python) ? { ...each, problem: null } : each,
  );
  if (packages.length === 0) return [check("missing", nothingFound)];
  const checks = packages.map((each) =>
    each.problem === null
      ? check("ok", inWords(each))
      : check("failed", `${inWords(each)}, but ${each.problem.problem}. ${each.problem.mend}`),
  );
  // Broken packages come first, so that the limit does not hide them.
  const shown = [
    ...checks.filter(({ result }) => result === "failed"),
    ...checks.filter(({ result }) => result === "ok"),
  ].slice(0, SHOWN_PACKAGES);
  const more = checks.length - shown.length;
  return more > 0 ? [...shown, check("ok", `and ${more} more packages`)] : shown;
};

const check = (result: TestsCheck["result"], detail: string): TestsCheck => ({
  name: "tests",
  result,
  detail,
});

const nothingFound =
  "no test command found; new tests run with node:test or pytest, by their language, and --test-command names another command";

const inWords = ({ folder, runner, source, command }: PackageTests): string => {
  const what = command === null ? runner : `\`${command}\`, run whole`;
  const where = folder === "" ? "" : ` in ${folder}`;
  return source === null ? `${what}${where}` : `${what}${where}, from ${source}`;
};
