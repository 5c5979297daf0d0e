import { createHash } from "node:crypto";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { readSettingFile } from "../../workspace/git.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const isVirtual = (folder: string): boolean => existsSync(join(folder, "pyvenv.cfg"));

/** Eight characters of a path's hash, which Poetry and Pipenv use in the name of an environment. */
const nameOf = (path: string): string =>
  createHash("sha256").update(path).digest("base64").replaceAll("+", "-").replaceAll("/", "_").slice(0, 8);

const entriesOf = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** The newest environment in `folder` whose name contains the hash. Poetry creates one per Python. */
const namedAfter = (folder: string, path: string): string[] => {
  const mark = `-${nameOf(path)}`;
  return entriesOf(folder)
    .filter((name) => name.endsWith(mark) || name.includes(`${mark}-py`))
    .sort()
    .reverse()
    .map((name) => join(folder, name));
};

/**
 * The virtual environment outside a workspace that the workspace uses: the activated one, or the one that
 * Poetry, Pipenv or pyenv keep for it. Null if the environment is inside or there is none.
 */
export const pythonEnvironment = (
  workspace: string,
  environment: Environment,
  home: string,
): string | null => {
  const { VIRTUAL_ENV, POETRY_VIRTUALENVS_PATH, WORKON_HOME, XDG_CACHE_HOME, PYENV_ROOT } = environment;
  if ([".venv", "venv"].some((name) => isVirtual(join(workspace, name)))) return null;
  const caches = process.platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
  const poetry = POETRY_VIRTUALENVS_PATH ?? join(XDG_CACHE_HOME ?? caches, "pypoetry", "virtualenvs");
  const pipenv = WORKON_HOME ?? join(home, ".local", "share", "virtualenvs");
  const version = readSettingFile(join(workspace, ".python-version"))?.split(/\s+/)[0] ?? "";
  const candidates = [
    ...(VIRTUAL_ENV === undefined ? [] : [VIRTUAL_ENV]),
    ...(existsSync(join(workspace, "pyproject.toml")) ? namedAfter(poetry, workspace) : []),
    ...(existsSync(join(workspace, "Pipfile")) ? namedAfter(pipenv, join(workspace, "Pipfile")) : []),
    ...(/^[\w.+-]+$/.test(version) ? [join(PYENV_ROOT ?? join(home, ".pyenv"), "versions", version)] : []),
  ];
  return candidates.find(isVirtual) ?? null;
};

/** Folders of Python that a worker must see to run it. An environment names the folder of its base. */
export const pythonFolders = (python: string | null, { CONDA_PREFIX }: Environment): string[] => {
  const conda = CONDA_PREFIX === undefined ? [] : [CONDA_PREFIX, condaBase(CONDA_PREFIX)];
  const base = python === null ? [] : [python, interpreterFolder(python)];
  return [...new Set([...conda, ...base])].filter((folder) => folder !== "/" && existsSync(folder));
};

const condaBase = (prefix: string): string =>
  dirname(prefix).endsWith("/envs") ? dirname(dirname(prefix)) : prefix;

const interpreterFolder = (python: string): string => {
  try {
    const real = dirname(dirname(realpathSync.native(join(python, "bin", "python"))));
    return real === "/usr" || real === "/" ? python : real;
  } catch {
    return python;
  }
};
