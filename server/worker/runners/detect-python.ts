import { delimiter, dirname, join } from "node:path";
import { programOnPath, textOf } from "./package.ts";
import type { DetectedRunner } from "./runner.ts";
import { emptyScript } from "../../workspace/test-script.ts";
import { exists } from "../../workspace/file-access.ts";

const pytestFiles = new Set(["pytest.ini", ".pytest.ini", "pytest.toml", "conftest.py"]);
const pytestSections: Record<string, RegExp> = {
  "pyproject.toml": /\[tool\.pytest|["']pytest\b/,
  "setup.cfg": /\[tool:pytest\]|^\s*pytest\b/m,
  "tox.ini": /\[pytest\]|\bpytest\b/,
  "noxfile.py": /\bpytest\b/,
};
export const pythonPackage =
  /^(pyproject\.toml|setup\.py|setup\.cfg|requirements([-_.]\w+)?\.txt|Pipfile|tox\.ini|noxfile\.py)$/;

/** pytest, if the project names it. For a Python file, a Python package that names no runner also counts. */
export const pythonRunner = (
  folder: string,
  names: readonly string[],
  prefersPython: boolean,
): DetectedRunner | null => {
  const requires = (name: string): boolean =>
    /^requirements.*\.txt$/.test(name) && /^pytest\b/m.test(textOf(folder, name));
  const source =
    names.find((name) => pytestFiles.has(name)) ??
    names.find((name) => pytestSections[name]?.test(textOf(folder, name)) ?? requires(name));
  if (source !== undefined) return { ...ofPytest(folder), source };
  const ofPackage = prefersPython ? names.find((name) => pythonPackage.test(name)) : undefined;
  return ofPackage === undefined ? null : { ...ofPython(folder), source: ofPackage };
};

/** A program of the project's own environment. If there is none, the one on PATH. */
const pythonProgram = (folder: string, name: string, onPath = name): string | null =>
  [".venv", "venv"]
    .flatMap((environment) => [
      join(folder, environment, "bin", name),
      join(folder, environment, "Scripts", `${name}.exe`),
    ])
    .find((program) => exists(program)) ?? programOnPath(onPath);

export const ofPytest = (folder: string): DetectedRunner => ({
  runner: "pytest",
  folder,
  program: pythonProgram(folder, "pytest"),
  script: emptyScript,
});

/** pytest, which runs every kind of test. If it is not installed, Python's own unittest. */
export const ofPython = (folder: string): DetectedRunner => {
  const pytest = ofPytest(folder);
  const python = pytest.program === null ? pythonProgram(folder, "python", "python3") : null;
  return python === null ? pytest : { ...pytest, runner: "unittest", program: python };
};

/**
 * The folder whose modules a Python test in `folder` (relative to `root`) imports by their names. It is the nearest
 * folder that is not a package and not a test folder.
 */
export const importRoot = (root: string, folder: string): string => {
  const parts = folder.split("/");
  const tests = parts.findIndex((part) => /^tests?$/.test(part));
  let found = tests < 0 ? folder : parts.slice(0, tests).join("/") || ".";
  while (found !== "." && exists(join(root, found, "__init__.py"))) found = dirname(found);
  return found;
};

/**
 * The PYTHONPATH for the project's own modules. It contains the folders that `python -m pytest` uses and `src`, which
 * otherwise works only if the project is installed.
 */
export const modulePath = (folder: string, ...before: readonly string[]): string => {
  const source = join(folder, "src");
  const hasSource = exists(source) && !exists(join(source, "__init__.py"));
  return [...before, folder, ...(hasSource ? [source] : []), process.env.PYTHONPATH ?? ""]
    .filter((part) => part !== "")
    .join(delimiter);
};
