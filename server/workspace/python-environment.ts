import { createHash } from "node:crypto";
import { readdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { exists } from "./file-access.ts";
import { readSettingFile } from "./git.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const isVirtual = (folder: string): boolean => exists(join(folder, "pyvenv.cfg"));

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

const programsIn = (environment: string): string =>
  join(environment, process.platform === "win32" ? "Scripts" : "bin");

/** Whether pytest is installed in a virtual environment. */
export const hasPytest = (environment: string): boolean =>
  ["pytest", "pytest.exe"].some((name) => exists(join(programsIn(environment), name)));

/** The environments that tox and nox made for tests, if pytest is on no other path. */
const ofTestTools = (workspace: string, { PATH = "" }: Environment): string[] => {
  if (PATH.split(delimiter).some((folder) => folder !== "" && exists(join(folder, "pytest")))) return [];
  return [".tox", ".nox"].flatMap((tool) =>
    entriesOf(join(workspace, tool))
      .sort()
      .reverse()
      .map((name) => join(workspace, tool, name))
      .filter(hasPytest),
  );
};

/**
 * The virtual environment outside a workspace that the workspace uses: the activated one, or the one that
 * Poetry, Pipenv or pyenv keep for it, or one of tox or nox. Null if the environment is `.venv` or `venv`, or there is
 * none.
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
    ...(exists(join(workspace, "pyproject.toml")) ? namedAfter(poetry, workspace) : []),
    ...(exists(join(workspace, "Pipfile")) ? namedAfter(pipenv, join(workspace, "Pipfile")) : []),
    ...ofTestTools(workspace, environment),
    ...(/^[\w.+-]+$/.test(version) ? [join(PYENV_ROOT ?? join(home, ".pyenv"), "versions", version)] : []),
  ];
  return candidates.find(isVirtual) ?? null;
};

/** Folders of Python that a worker must see to run it. An environment names the folder of its base. */
export const pythonFolders = (python: string | null, { CONDA_PREFIX }: Environment): string[] => {
  const conda = CONDA_PREFIX === undefined ? [] : [CONDA_PREFIX, condaBase(CONDA_PREFIX)];
  const base = python === null ? [] : [python, interpreterFolder(python)];
  return [...new Set([...conda, ...base])].filter((folder) => folder !== "/" && exists(folder));
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
