import { lstatSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { TestReport, TestRunner } from "../../../schemas/tests.ts";
import { brokenToolchain, type EnvironmentProblem } from "./broken-toolchain.ts";
import { nodeInstall, pythonInstall } from "./installs.ts";
import { missingCommand } from "./missing-command.ts";
import { isInstalled, readPackage } from "./package.ts";
import type { DetectedRunner } from "./runner.ts";
import { exists } from "../../workspace/file-access.ts";

/** Programs of languages, with their usual names and the packages that contain them. */
const toolchains: Partial<Record<TestRunner, { name: string; debian: string; homebrew: string }>> = {
  go: { name: "Go", debian: "golang-go", homebrew: "go" },
  unittest: { name: "Python", debian: "python3", homebrew: "python" },
  cargo: { name: "Rust's cargo", debian: "cargo", homebrew: "rust" },
  maven: { name: "Maven", debian: "maven", homebrew: "maven" },
  gradle: { name: "Gradle", debian: "gradle", homebrew: "gradle" },
  dotnet: { name: "The .NET SDK", debian: "dotnet-sdk-8.0", homebrew: "dotnet" },
  phpunit: { name: "PHPUnit", debian: "phpunit", homebrew: "phpunit" },
  rspec: { name: "RSpec", debian: "ruby-rspec", homebrew: "ruby" },
  minitest: { name: "Ruby", debian: "ruby-minitest", homebrew: "ruby" },
  ctest: { name: "CTest", debian: "cmake", homebrew: "cmake" },
};

/** What is wrong, and how to fix it, if the program of a runner is missing. */
export const missingProgram = ({ runner, folder }: DetectedRunner): EnvironmentProblem => {
  const toolchain = toolchains[runner];
  if (runner === "pytest")
    return { problem: "pytest is not installed", mend: run(pythonInstall(folder, "pytest")) };
  if (runner === "bun") return { problem: "Bun is not installed", mend: "Install Bun: https://bun.com." };
  if (runner === "deno") return { problem: "Deno is not installed", mend: "Install Deno: https://deno.com." };
  if (toolchain === undefined)
    return { problem: `${runner} is not installed`, mend: run(nodeInstall(folder, runner)) };
  const { name, debian, homebrew } = toolchain;
  const own = runner === "phpunit" ? "composer.json" : "Gemfile";
  const isOwn =
    (runner === "phpunit" || runner === "rspec" || runner === "minitest") && exists(join(folder, own));
  const system =
    process.platform === "darwin" ? `brew install ${homebrew}` : `sudo apt-get install ${debian}`;
  const command = !isOwn ? system : runner === "phpunit" ? "composer install" : "bundle install";
  return { problem: `${name} is not installed`, mend: run(command) };
};

const run = (command: string): string => `Run \`${command}\` in the project.`;

/** How a report without a single test shows that the environment is broken, and not the code. */
export const environmentProblem = (root: string, report: TestReport): EnvironmentProblem | null => {
  if (report.environment !== undefined) return report.environment;
  const closed = report.counts.passed > 0 ? null : closedSettings(root, report);
  if (closed !== null) return closed;
  if (report.outcome === "no_tests") return unreachedDependency(root);
  const toolchain = brokenToolchain(root, report);
  if (toolchain !== null) return toolchain;
  const unfetched = unfetchedPackage(root, report);
  if (unfetched !== null) return unfetched;
  const uninstalled = unfoundProgram(root, report) ?? missingCommand(root, report);
  if (uninstalled !== null) return uninstalled;
  if (report.counts.passed > 0 || (report.outcome !== "crashed" && report.outcome !== "load_error"))
    return null;
  const absent = notInstalled(root, packagesLookedFor(root, report)) ?? unbuiltProject(root, report);
  if (absent !== null) return absent;
  if (report.outcome !== "crashed" || report.tests.length > 0 || nothingToRun.test(report.output))
    return null;
  if (/in offline mode|No cached version of .* available for offline/.test(report.output))
    return {
      problem: `${report.runner === "gradle" ? "Gradle" : "Maven"} has no copy of what the project needs on this machine, and instances have no network`,
      mend: run(report.runner === "gradle" ? "gradle test" : "mvn test"),
    };
  const said = firstWords(report.output);
  return {
    problem: `\`${shownCommand(report)}\` ended without the result of a test${said === "" ? "" : `: ${said}`}`,
    mend: `Run \`${shownCommand(report)}\` in the project and fix what it reports.`,
  };
};

/** The problem that tests need an environment file. The private copy lacks it, because it may contain secrets. */
const closedSettings = (
  root: string,
  { output, load_errors, tests }: TestReport,
): EnvironmentProblem | null => {
  const said = [output, ...[...load_errors, ...tests].map(({ message }) => message ?? "")].join("\n");
  const missing =
    /(?:node: |open '?|no such file or directory:? '?)((?:[^\s'":]*\/)?\.env[\w.-]*)(?:: not found|'|\s|$)/i;
  const path = missing.exec(said)?.[1];
  if (path === undefined || exists(join(root, path))) return null;
  return {
    problem: `${path} is not in the private copy, because it is not in version control or something in it looks like a secret`,
    mend: `Put the values that the tests need into a ${path} without secrets and commit it, or use --test-command to name a command that sets them. If the file is in version control, you can also let tests read it: use --allow-file ${posix.normalize(path)}, or start a run in a terminal or in VS Code and allow it when CODITECT asks.`,
    closed_file: posix.normalize(path),
  };
};

/** Messages of runners that a project has no tests yet. Some runners treat this as an error. */
const nothingToRun =
  /no packages to test|matched no packages|no tests?( files?)?( were| was)? (found|executed|ran|run|collected)|couldn.t find any (files|tests)|^Usage:\s+phpunit/im;

/** Subcommands for testing, for programs that can do more. */
const testWord: Partial<Record<TestRunner, string>> = {
  go: "go test ./...",
  cargo: "cargo test",
  maven: "mvn test",
  gradle: "gradle test",
  dotnet: "dotnet test",
  bun: "bun test",
  deno: "deno test",
};

const shownCommand = ({ command, runner }: TestReport): string =>
  command[0] === "npm" || runner === "command" ? asTyped(command) : (testWord[runner] ?? runner);

/** A command as a person types it, without the shell that we start it with. */
const asTyped = (command: readonly string[]): string =>
  (command[0] === "/bin/sh" && command[1] === "-c" ? command.slice(2) : command).join(" ");

const LONGEST_SAYING = 200;

/** How an error begins, in contrast to the source line that threw it. */
const errorStart = /^(?:Uncaught )?[\w.]*(?:Error|Exception)(?: \[\w+\])?: /;

/** The most useful line of a runner's output: the first error, the first line that mentions one, or the first line. */
const firstWords = (output: string): string => {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith(">") && !/\busage:/i.test(line));
  const error = lines.find((each) => errorStart.test(each));
  const line = error ?? lines.find((each) => /error|not found|cannot|missing/i.test(each)) ?? lines[0] ?? "";
  return line.slice(0, LONGEST_SAYING).replace(/[.:]$/, "");
};

const missingModule = /Cannot find (?:module|package) '((?:@[^'/.]+\/)?[^'/.][^'/]*)/g;

/** Packages of a manifest that test files did not find. */
const packagesLookedFor = (root: string, report: TestReport): string[] => {
  const messages = [...report.load_errors.map(({ message }) => message), report.output].join("\n");
  const named = new Set([...messages.matchAll(missingModule)].map(([, name = ""]) => name));
  const folders = [root, ...report.load_errors.map(({ file }) => join(root, dirname(file)))];
  return [...named].filter((name) => folders.some((folder) => isDependency(root, folder, name)));
};

/** Packages of the manifest that are not installed, if the build before the tests failed. It may lack their types. */
const unbuiltProject = (root: string, { tests, load_errors }: TestReport): EnvironmentProblem | null => {
  const manifest = readPackage(root);
  const isBuild = tests.length === 0 && load_errors.some(({ file }) => !exists(join(root, file)));
  if (manifest === null || !isBuild) return null;
  return notInstalled(root, Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
};

/** The problem that the test command started only `npx`, for a package that is not installed. */
const unfetchedPackage = (
  root: string,
  { runner, outcome, output }: TestReport,
): EnvironmentProblem | null => {
  if (runner !== "command" || outcome === "passed") return null;
  const request =
    /\bENOTCACHED\b[^]{0,200}?\brequest to https?:\/\/[^/\s]+\/((?:@[\w.~-]+%2f)?[\w.~-]+) failed/i;
  const [, name] = request.exec(output) ?? [];
  if (name === undefined) return null;
  const named = name.replaceAll(/%2f/gi, "/");
  return {
    problem: `the package ${named}, which the test command starts with npx, is not installed, and instances have no network`,
    mend: run(nodeInstall(root, named)),
  };
};

/** What a shell prints if it does not find a program. */
const programNotFound =
  /^(?:\/bin\/)?(?:ba|da)?sh: (?:line )?(?:\d+: )?\S+: (?:command )?not found$|^'\S+' is not recognized as an internal or external command/m;

/** Packages of the manifest that are not installed, if the test script starts a program that the shell does not find. */
const unfoundProgram = (root: string, { output, outcome, counts }: TestReport): EnvironmentProblem | null => {
  if (counts.passed > 0 || (outcome !== "crashed" && outcome !== "load_error")) return null;
  const manifest = programNotFound.test(output) ? readPackage(root) : null;
  if (manifest === null) return null;
  return notInstalled(root, Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
};

const outOfReach = (name: string): EnvironmentProblem => ({
  problem: `the package ${name} is a link to a folder outside of the repository, which instances do not see`,
  mend: "Install a copy of it (`npm install --install-links`), or move it into the repository.",
});

/** Reports a linked dependency that is out of reach. If there are no tests, no test can show this. */
const unreachedDependency = (root: string): EnvironmentProblem | null => {
  const linked = Object.keys(readPackage(root)?.dependencies ?? {}).find((name) => isBrokenLink(root, name));
  return linked === undefined ? null : outOfReach(linked);
};

/** Whether the package is a link without a target here. */
const isBrokenLink = (folder: string, name: string): boolean => {
  const link = lstatSync(join(folder, "node_modules", name), { throwIfNoEntry: false });
  return link?.isSymbolicLink() === true && !isInstalled(folder, name);
};

/** Reports which packages are not installed, and how to install them; null if all are. */
export const notInstalled = (folder: string, packages: readonly string[]): EnvironmentProblem | null => {
  const [first, ...others] = packages.filter((name) => !isInstalled(folder, name));
  if (first === undefined) return null;
  const linked = packages.find((name) => isBrokenLink(folder, name));
  if (linked !== undefined) return outOfReach(linked);
  const what =
    others.length === 0 ? `the package ${first} is` : `${others.length + 1} packages such as ${first} are`;
  return { problem: `${what} not installed`, mend: run(nodeInstall(folder, null)) };
};

/** Whether a manifest between the folder and the root names the package. */
const isDependency = (root: string, folder: string, name: string): boolean => {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = readPackage(at);
    if (manifest !== null && (name in manifest.dependencies || name in manifest.devDependencies)) return true;
    if (at === root || dirname(at) === at) return false;
  }
};
