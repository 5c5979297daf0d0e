import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestRunner } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { ignoreRules } from "../../workspace/ignore.ts";
import { relativePath } from "../../workspace/paths.ts";
import { walkWorkspace } from "../../workspace/walk.ts";
import { languageRunner } from "./detect-others.ts";
import { installedProgram, programOnPath, readPackage, type PackageJson } from "./package.ts";
import type { DetectedRunner } from "./runner.ts";
import { hasTestScript } from "./package-script.ts";
import {
  buildSteps,
  coversFile,
  emptyScript,
  findCommand,
  runnerSteps,
  type RunnerStep,
  type ScriptCommand,
} from "./script.ts";

type NodeRunner = "vitest" | "jest" | "mocha" | "ava" | "jasmine" | "tap" | "playwright";
const nodeRunners: readonly NodeRunner[] = ["vitest", "jest", "mocha", "ava", "jasmine", "tap", "playwright"];

const configurationOf: Record<NodeRunner, RegExp> = {
  vitest: /^vitest\.(config|workspace)\.[cm]?[jt]s$/,
  jest: /^jest\.config\.([cm]?[jt]s|json)$/,
  mocha: /^\.mocharc\.([cm]?js|jsonc?|ya?ml)$/,
  ava: /^ava\.config\.[cm]?js$/,
  jasmine: /^jasmine\.([cm]?js|json)$/,
  tap: /^\.taprc$/,
  playwright: /^playwright\.config\.[cm]?[jt]s$/,
};

const isProgram = (word: string, name: string): boolean =>
  word === name || new RegExp(`(^|[\\\\/])${name}(\\.[cm]?js)?$`).test(word);

/** Place of `node` in `node … --test …`; -1 if these words start no such thing. */
const placeOfNodeTest = (words: readonly string[]): number =>
  words.some((word) => word === "--test" || word.startsWith("--test-"))
    ? words.findIndex((word) => isProgram(word, "node") || isProgram(word, "tsx"))
    : -1;

/**
 * The runner that runs `file` (relative to `root`), or the whole suite when it is `null`: that of
 * the nearest package, told from its test script, configuration and dependencies, in this order. A
 * package that names none is tested with what its language brings along: node:test, or pytest.
 * `null`: nothing in the folder says how it is tested.
 */
export const detectRunner = (root: string, file: string | null = null): DetectedRunner | null => {
  const prefersPython = file?.endsWith(".py") ?? false;
  let fallback: DetectedRunner | null = null;
  for (let folder = file === null ? "." : dirname(file); ; folder = dirname(folder)) {
    const place = folder === "." ? root : join(root, folder);
    const names = namesIn(place);
    const python = pythonRunner(place, names, prefersPython);
    const inPackage = file === null ? null : relativePath(place, join(root, file));
    const node = nodeRunner(place, names, inPackage);
    const found = prefersPython ? (python ?? node) : (node ?? python);
    if (found !== null) return found;
    fallback ??= defaultRunner(place, names, prefersPython);
    if (folder === ".") return fallback;
  }
};

/** Most folders that are looked through for packages. */
const MOST_FOLDERS = 2000;

/**
 * The runners of the whole suite: the root's own; or, where the root has none or only a script that
 * runs those of its packages, each package's.
 */
export const detectSuite = (root: string): DetectedRunner[] => {
  const own = detectRunner(root);
  if (own !== null && own.runner !== "command" && !isByDefault(own)) return [own];
  const packages: DetectedRunner[] = [];
  let folders = 0;
  for (const { folder, files } of walkWorkspace(root, ignoreRules(root, null))) {
    if ((folders += 1) > MOST_FOLDERS) break;
    if (
      folder === "" ||
      !files.some((path) => /(^|\/)(package\.json|pyproject\.toml|pytest\.ini)$/.test(path))
    )
      continue;
    const place = join(root, folder);
    const names = namesIn(place);
    const found = nodeRunner(place, names, null) ?? pythonRunner(place, names, false);
    if (found !== null && found.runner !== "command") packages.push(found);
  }
  const byFolder = packages.sort((one, other) => (one.folder < other.folder ? -1 : 1));
  return byFolder.length > 0 ? byFolder : own === null ? [] : [own];
};

/** Test files of a folder in which nothing says how it is tested. */
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

/** Whether nothing in the project named this runner: its language brings it along. */
const isByDefault = ({ runner, script }: DetectedRunner): boolean =>
  runner === "node:test" && script === emptyScript;

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return []; // A test file that is yet to be written may stand in a folder that is, too.
  }
};

const nodeRunner = (folder: string, names: readonly string[], file: string | null): DetectedRunner | null => {
  const manifest = names.includes("package.json") ? readPackage(folder) : null;
  const scripts = manifest?.scripts ?? {};

  const source = "package.json";
  if (runsCompiledTests(scripts)) return { ...ofCommand(folder, "npm", "test"), source };
  const step = stepFor(scripts, file);
  if (step !== null) return { ...ofStep(folder, step), source };
  if (hasTestScript(scripts)) return { ...ofCommand(folder, "npm", "test"), source };
  for (const runner of nodeRunners) {
    const named = sourceOf(runner, manifest, names);
    if (named !== null) return { ...ofNode(runner, folder, emptyScript), source: named };
  }
  return null;
};

/** Place of any runner we know among the words of a command; -1 if it starts none. */
const placeOfRunner = (words: readonly string[]): number => {
  const place = words.findIndex((word) => nodeRunners.some((runner) => isProgram(word, runner)));
  return place >= 0 ? place : placeOfNodeTest(words);
};

/** The step of the test script that runs the file: of several the one whose patterns speak of it. */
const stepFor = (scripts: Record<string, string>, file: string | null): RunnerStep | null => {
  const steps = runnerSteps(scripts, "test", placeOfRunner);
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
  const runner = nodeRunners.find((each) => isProgram(command.name, each));
  const detected = runner === undefined ? ofNodeTest(folder, command) : ofNode(runner, folder, command);
  return { ...detected, before: buildSteps(step) };
};

/** Any command with an exit code: a runner whose reports we cannot read, or tests that are built first. */
const ofCommand = (folder: string, ...command: string[]): DetectedRunner => ({
  runner: "command",
  folder,
  program: null,
  script: { ...emptyScript, args: command },
});

/**
 * Whether the test script builds its tests and runs the output. Our files are the sources: only the
 * script as a whole can test them.
 */
const runsCompiledTests = (scripts: Record<string, string>): boolean => {
  const mocha = findCommand(scripts, "test", (words) => words.findIndex((word) => isProgram(word, "mocha")));
  const script = mocha ?? findCommand(scripts, "test", placeOfNodeTest);
  return (
    script?.args.some((word) => /^(\.\/)?(dist|build|out|output|compiled)(-\w+)?(\/|$)/.test(word)) ?? false
  );
};

/** The file that names the runner: its configuration, or the manifest; null: none does. */
const sourceOf = (
  runner: NodeRunner,
  manifest: PackageJson | null,
  names: readonly string[],
): string | null => {
  const configuration = names.find((name) => configurationOf[runner].test(name));
  return configuration ?? (manifest !== null && isNamedBy(manifest, runner) ? "package.json" : null);
};

const isNamedBy = (manifest: PackageJson, runner: NodeRunner): boolean =>
  runner in manifest.devDependencies ||
  runner in manifest.dependencies ||
  (runner === "playwright" && "@playwright/test" in manifest.devDependencies) ||
  ((runner === "jest" || runner === "mocha" || runner === "ava") && manifest[runner] !== undefined);

const ofNode = (runner: TestRunner, folder: string, script: ScriptCommand): DetectedRunner => ({
  runner,
  folder,
  program:
    installedProgram(folder, runner) ??
    (runner === "playwright" ? installedProgram(folder, "@playwright/test", runner) : null),
  script,
});

const ofNodeTest = (folder: string, script: ScriptCommand): DetectedRunner => ({
  runner: "node:test",
  folder,
  program: "node",
  script,
});

const pytestFiles = new Set(["pytest.ini", ".pytest.ini", "pytest.toml", "conftest.py"]);
const pytestSections: Record<string, RegExp> = {
  "pyproject.toml": /\[tool\.pytest|["']pytest\b/,
  "setup.cfg": /\[tool:pytest\]|^\s*pytest\b/m,
  "tox.ini": /\[pytest\]|\bpytest\b/,
};
const pythonPackage =
  /^(pyproject\.toml|setup\.py|setup\.cfg|requirements([-_.]\w+)?\.txt|Pipfile|tox\.ini)$/;

/** pytest, where the project speaks of it; for a Python file also in a Python package of no word. */
const pythonRunner = (
  folder: string,
  names: readonly string[],
  prefersPython: boolean,
): DetectedRunner | null => {
  const requires = (name: string): boolean =>
    /^requirements.*\.txt$/.test(name) && /^pytest\b/m.test(textOf(folder, name));
  const source =
    names.find((name) => pytestFiles.has(name)) ??
    names.find((name) => pytestSections[name]?.test(textOf(folder, name)) ?? requires(name)) ??
    (prefersPython ? names.find((name) => pythonPackage.test(name)) : undefined);
  return source === undefined ? null : { ...ofPytest(folder), source };
};

const textOf = (folder: string, name: string): string => {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return "";
  }
};

/** pytest of the project's own environment, else the one on PATH. */
const ofPytest = (folder: string): DetectedRunner => {
  const own = [".venv", "venv"]
    .flatMap((environment) => [
      join(folder, environment, "bin", "pytest"),
      join(folder, environment, "Scripts", "pytest.exe"),
    ])
    .find((program) => existsSync(program));
  return { runner: "pytest", folder, program: own ?? programOnPath("pytest"), script: emptyScript };
};

/** What a language brings along itself, for a package that names no runner. */
const defaultRunner = (
  folder: string,
  names: readonly string[],
  prefersPython: boolean,
): DetectedRunner | null => {
  const isPython = names.some((name) => pythonPackage.test(name) || /^test_\w*\.py$|_test\.py$/.test(name));
  if (prefersPython || (isPython && !names.includes("package.json"))) return ofPytest(folder);
  const isNode =
    names.includes("package.json") ||
    names.some((name) => /\.[cm]?[jt]s$/.test(name) && classifyPath(name) === "test");
  if (isNode) return ofNodeTest(folder, emptyScript);
  if (names.includes("mix.exs")) return { ...ofCommand(folder, "mix", "test"), source: "mix.exs" };
  return languageRunner(folder, names);
};
