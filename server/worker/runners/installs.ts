import { dirname, join } from "node:path";
import { exists } from "../../workspace/file-access.ts";
import { readPackage, textOf } from "./package.ts";

/** The command of each package manager that installs a project's packages, by its lock file. */
const locks: readonly [file: string, command: string][] = [
  ["pnpm-lock.yaml", "pnpm install"],
  ["yarn.lock", "yarn install"],
  ["bun.lock", "bun install"],
  ["bun.lockb", "bun install"],
  ["package-lock.json", "npm ci"],
  ["npm-shrinkwrap.json", "npm ci"],
];

/** The command that installs the package's dependencies, or adds a package that is not among them. */
export const nodeInstall = (folder: string, wanted: string | null): string => {
  const manifest = readPackage(folder);
  const all = { ...manifest?.dependencies, ...manifest?.devDependencies };
  const name = wanted === "playwright" ? "@playwright/test" : wanted;
  if (name !== null && !(name in all)) return `npm install --save-dev ${name}`;
  for (let at = folder; ; at = dirname(at)) {
    const lock = locks.find(([file]) => exists(join(at, file)));
    if (lock !== undefined) return lock[1];
    if (dirname(at) === at) return "npm install";
  }
};

/** The managers of Python projects, by their lock files and their tables in `pyproject.toml`. */
const pythonManagers: readonly { lock: string; table: RegExp; install: string; add: string }[] = [
  {
    lock: "poetry.lock",
    table: /^\[tool\.poetry\b/m,
    install: "poetry install",
    add: "poetry add --group dev pytest",
  },
  { lock: "uv.lock", table: /^\[tool\.uv\b/m, install: "uv sync", add: "uv add --dev pytest" },
  { lock: "pdm.lock", table: /^\[tool\.pdm\b/m, install: "pdm install", add: "pdm add --dev pytest" },
];

/** The command that installs the packages of a Python project, and pytest if it is missing and not among them. */
export const pythonInstall = (folder: string, missing: "pytest" | null = null): string => {
  const has = (name: string): boolean => exists(join(folder, name));
  const project = textOf(folder, "pyproject.toml");
  const manager =
    pythonManagers.find(({ lock }) => has(lock)) ?? pythonManagers.find(({ table }) => table.test(project));
  if (manager !== undefined)
    return missing === null || project.includes("pytest") ? manager.install : manager.add;
  if (has("Pipfile")) return "pipenv install --dev";
  const requirements = ["requirements-dev.txt", "requirements-test.txt", "requirements.txt"].find(has);
  const own = has("pyproject.toml") || has("setup.py") ? " -e ." : "";
  const listed = requirements === undefined ? own : ` -r ${requirements}`;
  return `python3 -m venv .venv && .venv/bin/pip install pytest${listed}`;
};
