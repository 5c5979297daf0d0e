import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { pythonInstall } from "./installs.ts";
import { readPackage, textOf } from "./package.ts";

/** Why tests cannot run on this machine, regardless of the code, and how to repair it. */
export type EnvironmentProblem = NonNullable<TestReport["environment"]>;

interface Sign {
  /** What a runner prints. Its group replaces `{}` in the problem. */
  said: RegExp;
  problem: string;
  mend: (folder: string, name: string) => string;
  /** Whether the project itself names what is missing. Absent if that does not matter. */
  isNamed?: (folder: string, name: string) => boolean;
  /** Every test prints it, not only files that could not be loaded or the runner. */
  inTests?: true;
}

const run = (command: string): string => `Run \`${command}\` in the project.`;

const always = (command: string) => (): string => run(command);

const listed = (folder: string, wanted: RegExp): string => {
  try {
    return readdirSync(folder)
      .filter((name) => wanted.test(name))
      .map((name) => textOf(folder, name))
      .join("\n");
  } catch {
    return "";
  }
};

const pythonRequirements = /^requirements.*\.txt$/;
const pythonManifest = /^(pyproject\.toml|setup\.(py|cfg)|Pipfile|environment\.ya?ml)$/;
const dependencyTable = /^\[(.*dependenc.*|(dev-)?packages)\]$/;
const dependencyList = /^(.*\bdependencies|\w*requires?|dev)\s*[:=]/;

/** The lines of a Python manifest that list packages, without those of the project's name and settings. */
const dependencyLines = (text: string): string[] => {
  let isTable = false;
  let isList = false;
  return text.split("\n").filter((line) => {
    const written = line.trim();
    if (written.startsWith("[")) isTable = dependencyTable.test(written);
    if (dependencyList.test(written)) {
      isList = !written.endsWith("]");
      return true;
    }
    if (isList && (written.startsWith("]") || (/^\S/.test(line) && !/^[-"']/.test(written)))) isList = false;
    return isTable || isList;
  });
};

/** Names of Python packages contain `-`, `_` or `.`, and some packages are imported without their `py`. */
const isPythonDependency = (folder: string, name: string): boolean => {
  const lines = dependencyLines(listed(folder, pythonManifest));
  const words = [...lines, listed(folder, pythonRequirements)]
    .flatMap((line) => line.toLowerCase().split(/[^\w.-]+/))
    .map((word) => word.replace(/[-_.]+/g, "-"));
  const wanted = name.toLowerCase().replaceAll("_", "-");
  return [wanted, `py${wanted}`, `python-${wanted}`].some((each) => words.includes(each));
};

const isGem = (folder: string, name: string): boolean => {
  const [gem = ""] = name.split("/");
  return listed(folder, /^Gemfile$|\.gemspec$/)
    .split("\n")
    .filter((line) => /^\s*(gem|\w+\.add_\w*dependency)\b/.test(line))
    .flatMap((line) => line.split(/["']/))
    .some((word) => word === gem || word === name.replaceAll("/", "-"));
};

/** Whether go.mod requires the module of a package. The project's own packages do not count. */
const isRequired = (folder: string, name: string): boolean =>
  textOf(folder, "go.mod")
    .replace(/^module .*$/m, "")
    .includes(name.split("/").slice(0, 3).join("/"));

const isNodeProject = (folder: string): boolean => readPackage(folder) !== null;

/** What runners of several languages print when the machine lacks what the project needs. */
const signs: readonly Sign[] = [
  {
    said: /No module named '([A-Za-z_]\w*)/,
    problem: "the Python package {} is not installed",
    mend: (folder) => run(pythonInstall(folder)),
    isNamed: isPythonDependency,
  },
  {
    said: /\bpython[\d.]*: No module named ([A-Za-z_]\w*)$/m,
    problem: "the Python package {} is not installed",
    mend: (folder, name) => run(pythonInstall(folder, name === "pytest" ? name : null)),
  },
  {
    said: /cannot load such file -- ([\w/-]+)/,
    problem: "the gem {} is not installed",
    mend: always("bundle install"),
    isNamed: isGem,
  },
  {
    said: /Could not find (?:gem '|)([\w-]+)[^\n]{0,200} in (?:any of the sources|locally installed gems|rubygems)/,
    problem: "the gem {} is not installed",
    mend: always("bundle install"),
  },
  {
    said: /(?<![\w./-])([\w.-]+(?:\/[\w.-]+)+@v[\w.+-]+): (?:Get "https?:|module lookup disabled|reading https?:)/,
    problem: "the Go module {} is not on this machine, and instances have no network",
    mend: always("go mod download"),
  },
  {
    said: /(?:no required module provides package|missing go\.sum entry for module providing package) ([^\s;]+)/,
    problem: "go.mod and go.sum do not list the package {}",
    mend: always("go mod tidy"),
    isNamed: isRequired,
  },
  {
    said: /no matching package named `([^`]+)` found|failed to (?:download|get) `([^`]+)`/,
    problem: "Cargo has no copy of {} on this machine, and instances have no network",
    mend: always("cargo fetch"),
  },
  {
    said: /Cannot open file "([^"]*vendor\/autoload\.php)"|Failed opening required '([^']*vendor\/autoload\.php)'/,
    problem: "PHP's packages are not installed: {} is missing",
    mend: always("composer install"),
  },
  {
    said: /(?<![\w@/.-])([\w@/.-]+\.node)'?\s+was compiled against a different Node\.js version/,
    problem: "{} was built for another version of Node.js",
    mend: always("npm rebuild"),
    isNamed: isNodeProject,
    inTests: true,
  },
  {
    said: /Executable doesn't exist at ([^\n]{1,300})\n[^]{0,600}?playwright install/,
    problem: "Playwright's browser is not installed: {} does not exist",
    mend: always("npx playwright install"),
    isNamed: isNodeProject,
    inTests: true,
  },
  {
    said: /(?:npm package is installed, but the|No version of) (Cypress)[^\n]{0,40}(?:binary is missing|is installed)/,
    problem: "the {} binary is not installed",
    mend: always("npx cypress install"),
  },
  {
    said: /(@prisma\/client) did not initialize yet/,
    problem: "{} has not been generated",
    mend: always("npx prisma generate"),
    isNamed: isNodeProject,
    inTests: true,
  },
  {
    said: /(?:invalid target release|error: release version):? (\d+)/,
    problem: "the Java on this machine cannot build for Java {}",
    mend: () => "Install that version of the JDK, and set JAVA_HOME to its folder.",
  },
];

/** The root, and all folders that contain files that could not be loaded. */
const foldersAround = (root: string, { load_errors }: TestReport): Set<string> => {
  const folders = new Set([root]);
  for (const { file } of load_errors)
    for (let at = dirname(file); at !== "." && at !== dirname(at); at = dirname(at))
      folders.add(join(root, at));
  return folders;
};

/**
 * If no test passed because the machine lacks something that the project names, what it lacks. A missing
 * package that the project does not name is a fault of the code, not of the machine.
 */
export const brokenToolchain = (root: string, report: TestReport): EnvironmentProblem | null => {
  if (report.counts.passed > 0 || report.outcome === "no_tests") return null;
  // Of a command only the exit code is known, and its one test is itself.
  const known = report.runner === "command" ? [] : report.tests;
  const ofTests = known.flatMap(({ status, message }) => (status === "failed" ? [message ?? ""] : []));
  const told = [...report.load_errors.map(({ message }) => message), report.output].join("\n");
  const folders = [...foldersAround(root, report)];
  for (const { said, problem, mend, isNamed = () => true, inTests } of signs) {
    if (ofTests.length > 0 && !(inTests === true && ofTests.every((message) => said.test(message)))) continue;
    const name = said
      .exec(ofTests[0] ?? told)
      ?.slice(1)
      .find((group: string | undefined) => group !== undefined);
    const folder = name === undefined ? undefined : folders.find((each) => isNamed(each, name));
    if (name === undefined || folder === undefined) continue;
    return { problem: problem.replace("{}", name.trim()), mend: mend(folder, name) };
  }
  return null;
};
