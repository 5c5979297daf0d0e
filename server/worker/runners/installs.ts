import { dirname, join } from "node:path";
import { exists } from "../../workspace/file-access.ts";
import { readPackage } from "./package.ts";

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

export const pythonInstall = (folder: string): string => {
  const has = (name: string): boolean => exists(join(folder, name));
  if (has("poetry.lock")) return "poetry install";
  if (has("uv.lock")) return "uv sync";
  if (has("Pipfile")) return "pipenv install --dev";
  const requirements = ["requirements-dev.txt", "requirements-test.txt", "requirements.txt"].find(has);
  const own = has("pyproject.toml") || has("setup.py") ? " -e ." : "";
  const listed = requirements === undefined ? own : ` -r ${requirements}`;
  return `python3 -m venv .venv && .venv/bin/pip install pytest${listed}`;
};
