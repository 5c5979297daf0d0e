import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { readFolder } from "../../workspace/walk.ts";
import type { PrivateCopy } from "./copy.ts";
import { makeLinks, type Links, type OwnFile } from "./links.ts";
import { isExecutable, statFile } from "./stamp.ts";
import { exists } from "../../workspace/file-access.ts";

/** Whether the folder is a Python virtual environment. */
export const isEnvironment = (folder: string): boolean => exists(join(folder, "pyvenv.cfg"));

/** Files of `site-packages` in which an editable installation names its source. */
const editableFile = /\.(pth|egg-link)$|^__editable__.*\.py$/;
const LARGEST_SCRIPT = 64 * 1024;

/**
 * A virtual environment as links at `place`, except for files that name the path of the workspace or the environment.
 * With links, an editable installation (`pip install -e .`) would import the user's files instead of the copy's, and so
 * would a script whose first line starts the user's interpreter.
 */
export const environmentLinks = (copy: PrivateCopy, environment: string, place: string): Links => {
  const places = [
    [environment, place],
    [copy.source, copy.root],
  ] as const;
  const moved = (path: string): string | OwnFile => movedFile(places, path) ?? path;
  const links: Links = new Map();
  for (const { name } of readFolder(environment)) links.set(name, join(environment, name));
  links.set("pyvenv.cfg", moved(join(environment, "pyvenv.cfg")));
  links.set("bin", linksOf(join(environment, "bin"), moved));
  links.set("lib", libraryLinks(join(environment, "lib"), moved));
  if (links.has("lib64")) links.set("lib64", "lib");
  return links;
};

type Moved = (path: string) => string | OwnFile;

const libraryLinks = (library: string, moved: Moved): Links => {
  const links: Links = new Map();
  for (const { name: version } of readFolder(library)) {
    const packages = join(library, version, "site-packages");
    const own: Links = new Map();
    for (const { name } of readFolder(join(library, version))) own.set(name, join(library, version, name));
    const move: Moved = (path) => (editableFile.test(path.slice(packages.length + 1)) ? moved(path) : path);
    if (exists(packages)) own.set("site-packages", linksOf(packages, move));
    links.set(version, own);
  }
  return links;
};

const linksOf = (folder: string, moved: Moved): Links =>
  new Map(readFolder(folder).map(({ name }) => [name, moved(join(folder, name))]));

/** The file with each path replaced by its counterpart, in order; null if it contains none of them. */
const movedFile = (
  places: readonly (readonly [from: string, to: string])[],
  path: string,
): OwnFile | null => {
  const stats = statFile(path);
  if (stats?.isFile() !== true || stats.size > LARGEST_SCRIPT) return null;
  const text = readFileSync(path, "utf8");
  const moved = places.reduce((written, [from, to]) => written.replaceAll(from, to), text);
  return moved === text ? null : { text: moved, executable: isExecutable(stats) };
};

/** The name of the folder next to the copy for an environment from outside the workspace. */
export const OUTER_ENVIRONMENT = "environment";

const outerEnvironment = (copy: PrivateCopy): string => join(dirname(copy.repository), OUTER_ENVIRONMENT);

/** Makes a virtual environment outside the workspace import the copy's code instead of the user's. */
export const linkOuterEnvironment = (copy: PrivateCopy): void => {
  const { python } = copy;
  if (python === null) return;
  const place = outerEnvironment(copy);
  makeLinks(place, environmentLinks(copy, python, place));
};

/** Activates this environment: its programs come first on PATH, and `poetry run` and others use it too. */
export const useEnvironment = (copy: PrivateCopy): void => {
  if (copy.python === null) return;
  process.env.VIRTUAL_ENV = outerEnvironment(copy);
  const programs = join(outerEnvironment(copy), process.platform === "win32" ? "Scripts" : "bin");
  process.env.PATH = [programs, process.env.PATH ?? ""].join(delimiter);
};
