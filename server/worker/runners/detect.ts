import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { TestRunner } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { ignoreRules } from "../../workspace/ignore.ts";
import { relativePath } from "../../workspace/paths.ts";
import { walkWorkspace } from "../../workspace/walk.ts";
import { configuredRunner, nodeRunners, sourceOf, type NodeRunner } from "./configured-runner.ts";
import { isBuiltWith, isTestedWith, languageRunner } from "./detect-others.ts";
import { importRoot, ofPytest, ofPython, pythonPackage, pythonRunner } from "./detect-python.ts";
import { runnerOfFile } from "./file-runner.ts";
import { compiledPath, isProgram, stepOfOwnProgram } from "./own-program.ts";
import { installedProgram, programOnPath, readPackage, textOf } from "./package.ts";
import type { DetectedRunner } from "./runner.ts";
import { testTask } from "./task-files.ts";
import { hasTestScript } from "./package-script.ts";
import {
  coversFile,
  emptyScript,
  findCommand,
  runnerSteps,
  type RunnerStep,
  type ScriptCommand,
} from "../../workspace/test-script.ts";

/** The index of `node` in `node … --test …`; -1 if the command is another one. */
const placeOfNodeTest = (words: readonly string[]): number =>
  words.some((word) => word === "--test" || word.startsWith("--test-"))
    ? words.findIndex((word) => isProgram(word, "node") || isProgram(word, "tsx"))
    : -1;

/**
 * The runner of `file` (relative to `root`), or of the whole suite if it is null. It is that of the nearest package,
 * according to its test script, configuration and dependencies, in this order. A package that names none is tested
 * with what its language provides: node:test, or pytest. Null if nothing in the folder says how to test it.
 */
export const detectRunner = (root: string, file: string | null = null): DetectedRunner | null => {
  const prefersPython = file?.endsWith(".py") ?? false;
  const pythonRoot = prefersPython && file !== null ? importRoot(root, dirname(file)) : ".";
  let fallback: DetectedRunner | null = null;
  let inside: DetectedRunner | null = null;
  for (let folder = file === null ? "." : dirname(file); ; folder = dirname(folder)) {
    const place = folder === "." ? root : join(root, folder);
    const names = namesIn(place);
    const python = pythonRunner(place, names, prefersPython);
    const inPackage = file === null ? null : relativePath(place, join(root, file));
    const node = nodeRunner(place, names, inPackage);
    // Every folder of tests may have such a file. What the tests import is found from the project's own folder.
    const isInside = prefersPython && python?.source === "conftest.py" && folder !== ".";
    if (isInside) inside = python;
    const ofPythonFile = isInside ? null : (python ?? (inside === null ? node : null));
    const found = prefersPython ? ofPythonFile : (node ?? python);
    if (found !== null) return found;
    if (!prefersPython || folder === pythonRoot) {
      const byDefault = defaultRunner(place, names, prefersPython);
      const isOuter = fallback !== null && byDefault !== null && isBuiltWith(fallback, byDefault);
      if (fallback === null || isOuter) fallback = byDefault;
    }
    if (folder === ".")
      return inside === null ? (fallback ?? ofTask(place, names)) : pytestAbove(inside, fallback);
  }
};

/** The task that tests a project in languages without a runner of ours. */
const ofTask = (root: string, names: readonly string[]): DetectedRunner | null => {
  const task = testTask(root, names);
  if (task === null || !isOfOtherLanguages(root)) return null;
  return { ...ofCommand(root, ...task.command), source: task.source };
};

/** pytest in the folder where the imports of its tests begin, which nothing but a `conftest.py` further down names. */
const pytestAbove = (inside: DetectedRunner, above: DetectedRunner | null): DetectedRunner =>
  above === null
    ? inside
    : { ...ofPytest(above.folder), source: relativePath(above.folder, join(inside.folder, "conftest.py")) };

/** The maximum number of folders that are searched for packages. */
const MOST_FOLDERS = 2000;

/**
 * The runners of the whole suite. If the root has none, or only a script that runs those of its packages, they are the
 * runners of the packages.
 */
export const detectSuite = (root: string): DetectedRunner[] => {
  const own = detectRunner(root);
  if (own !== null && own.runner !== "command" && !isByDefault(own)) return [own];
  const packages = packagesBelow(root);
  return packages.length > 0 ? packages : own === null ? [] : [own];
};

/** The runners of the packages below the root, by folder. Parts of another package are left out. */
export const packagesBelow = (root: string): DetectedRunner[] => {
  const packages: DetectedRunner[] = [];
  let seen = 0;
  for (const { folder, files, folders } of walkWorkspace(root, ignoreRules(root, null))) {
    if ((seen += 1) > MOST_FOLDERS) break;
    if (folder === "") continue;
    const place = join(root, folder);
    const names = [...files, ...folders].map((path) => basename(path));
    const found = packageRunner(place, names);
    if (found === null || found.runner === "command") continue;
    if (!packages.some((outer) => isTestedWith(found, outer))) packages.push(found);
  }
  return packages.sort((one, other) => (one.folder < other.folder ? -1 : 1));
};

/** The runner of a folder that is a package; null if it is not. */
const packageRunner = (folder: string, names: readonly string[]): DetectedRunner | null => {
  const isNode = names.includes("package.json");
  const found = (isNode ? nodeRunner(folder, names, null) : null) ?? pythonRunner(folder, names, false);
  return found ?? (isNode ? null : languageRunner(folder, names));
};

/** The test files of a folder in which nothing says how to test it. */
export const looseTests = (root: string): string[] => {
  const found: string[] = [];
  let folders = 0;
  for (const { files } of walkWorkspace(root, ignoreRules(root, null))) {
    if ((folders += 1) > MOST_FOLDERS) break;
    found.push(...files.filter((path) => programFile.test(path) && classifyPath(path) === "test"));
  }
  return found.sort();
};

const programFile = /\.([cm]?[jt]sx?|py)$/;
const otherProgramFile =
  /\.(c|cc|cpp|cxx|cs|clj|cr|dart|elm|erl|exs?|fs|go|groovy|hs|java|jl|kts?|lua|ml|nim|php|pl|r|rb|rs|scala|sh|swift|v|zig)$/i;

/** Whether all programs of a folder are in languages whose tests only a command of the user can run. */
export const isOfOtherLanguages = (root: string): boolean => {
  let isOther = false;
  let folders = 0;
  for (const { files } of walkWorkspace(root, ignoreRules(root, null))) {
    if ((folders += 1) > MOST_FOLDERS) break;
    if (files.some((path) => programFile.test(path))) return false;
    isOther ||= files.some((path) => otherProgramFile.test(path));
  }
  return isOther;
};

/** Whether the project does not name this runner and the language provides it. */
const isByDefault = ({ runner, script }: DetectedRunner): boolean =>
  runner === "node:test" && script === emptyScript;

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return []; // The folder of a planned test file may not exist yet.
  }
};

const nodeRunner = (folder: string, names: readonly string[], file: string | null): DetectedRunner | null => {
  const manifest = names.includes("package.json") ? readPackage(folder) : null;
  const scripts = manifest?.scripts ?? {};

  const source = "package.json";
  if (runsCompiledTests(scripts)) return { ...ofCommand(folder, "npm", "test"), source };
  const written = file === null ? null : runnerOfFile(join(folder, file));
  const step = stepFor(scripts, file, written);
  const own = nodeRunners.find((runner) => runner === written);
  const named = own === undefined ? null : sourceOf(own, manifest, names);
  if (own !== undefined && named !== null && (step === null || runnerOfStep(step) !== own))
    return { ...ofNode(own, folder, emptyScript), source: named };
  if (step !== null) return { ...ofStep(folder, step), source };
  const configured = file === null ? null : configuredRunner(manifest, names);
  if (configured !== null) return { ...ofNode(configured.runner, folder, emptyScript), ...configured };
  const ownProgram = written === "node:test" ? stepOfOwnProgram(scripts) : null;
  if (ownProgram !== null)
    return { ...ofNodeTest(folder, ownProgram.command), before: ownProgram.before, source };
  if (hasTestScript(scripts)) return { ...ofCommand(folder, "npm", "test"), source };
  for (const runner of nodeRunners) {
    const named = sourceOf(runner, manifest, names);
    if (named !== null) return { ...ofNode(runner, folder, emptyScript), source: named };
  }
  return null;
};

/** The index of a known runner among the words of a command; -1 if there is none. */
const placeOfRunner = (words: readonly string[]): number => {
  const place = words.findIndex((word, index) =>
    nodeRunners.some(
      (runner) => isProgram(word, runner) && (runner !== "bun" || words[index + 1] === "test"),
    ),
  );
  return place >= 0 ? place : placeOfNodeTest(words);
};

const runnerOfStep = ({ command }: RunnerStep): NodeRunner | "node:test" =>
  nodeRunners.find((each) => isProgram(command.name, each)) ?? "node:test";

/**
 * The step of the test script that runs the file. If there are several, it is one of the runner that the file is
 * `written` for and whose patterns match.
 */
const stepFor = (
  scripts: Record<string, string>,
  file: string | null,
  written: TestRunner | null,
): RunnerStep | null => {
  const all = runnerSteps(scripts, "test", placeOfRunner);
  const ofRunner = all.filter((step) => runnerOfStep(step) === written);
  const steps = ofRunner.length > 0 ? ofRunner : all;
  if (file === null) return steps[0] ?? null;
  const covers = steps.map(({ command: { args } }) =>
    coversFile(
      args.filter((word) => !word.startsWith("-")),
      file,
    ),
  );
  return steps[covers.indexOf(true)] ?? steps[covers.indexOf(null)] ?? steps[0] ?? null;
};

const ofStep = (folder: string, step: RunnerStep): DetectedRunner => {
  const { command } = step;
  const runner = runnerOfStep(step);
  const detected = runner === "node:test" ? ofNodeTest(folder, command) : ofNode(runner, folder, command);
  return { ...detected, before: step.before };
};

/** A command with an exit code, for runners whose reports we cannot read and for tests that are built first. */
const ofCommand = (folder: string, ...command: string[]): DetectedRunner => ({
  runner: "command",
  folder,
  program: null,
  script: { ...emptyScript, args: command },
});

/**
 * Whether the test script builds its tests and runs the output. We know only the sources, so only the whole script can
 * test them.
 */
const runsCompiledTests = (scripts: Record<string, string>): boolean => {
  const mocha = findCommand(scripts, "test", (words) => words.findIndex((word) => isProgram(word, "mocha")));
  const script = mocha ?? findCommand(scripts, "test", placeOfNodeTest);
  return script?.args.some((word) => compiledPath.test(word)) ?? false;
};

const ofNode = (runner: TestRunner, folder: string, script: ScriptCommand): DetectedRunner => ({
  runner,
  folder,
  program:
    runner === "bun"
      ? programOnPath(runner, folder)
      : (installedProgram(folder, runner) ??
        (runner === "playwright" ? installedProgram(folder, "@playwright/test", runner) : null)),
  script,
});

const ofNodeTest = (folder: string, script: ScriptCommand): DetectedRunner => ({
  runner: "node:test",
  folder,
  program: "node",
  script,
});

/** How the task `test` of a Deno project starts its tests. The flags include its permissions. */
const denoTask = (configuration: string): ScriptCommand => {
  const line = /"test"\s*:\s*(?:\{[^}]*?"command"\s*:\s*)?("(?:[^"\\]|\\.)*")/.exec(configuration)?.[1];
  if (line === undefined) return emptyScript;
  const find = (words: readonly string[]): number =>
    words.findIndex((word, index) => isProgram(word, "deno") && words[index + 1] === "test");
  const text: unknown = JSON.parse(line);
  return findCommand({ test: typeof text === "string" ? text : "" }, "test", find) ?? emptyScript;
};

/** The runner that a language provides, for a package that names none. */
const defaultRunner = (
  folder: string,
  names: readonly string[],
  prefersPython: boolean,
): DetectedRunner | null => {
  const isPython = names.some((name) => pythonPackage.test(name) || /^test_\w*\.py$|_test\.py$/.test(name));
  if (prefersPython || (isPython && !names.includes("package.json"))) return ofPython(folder);
  const denoFile = names.find((name) => /^deno\.jsonc?$/.test(name));
  if (denoFile !== undefined && !names.includes("package.json"))
    return {
      runner: "deno",
      folder,
      source: denoFile,
      program: programOnPath("deno", folder),
      script: denoTask(textOf(folder, denoFile)),
    };
  const isNode =
    names.includes("package.json") ||
    names.some((name) => /\.[cm]?[jt]s$/.test(name) && classifyPath(name) === "test");
  if (isNode) return ofNodeTest(folder, emptyScript);
  if (names.includes("mix.exs")) return { ...ofCommand(folder, "mix", "test"), source: "mix.exs" };
  return languageRunner(folder, names);
};
