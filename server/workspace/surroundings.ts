import { lstatSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { GitFiles } from "../../schemas/git-files.ts";
import { readSettingFile } from "./git.ts";
import { closesToAgents, ignoreRules } from "./ignore.ts";
import { dependencyNames } from "./package-entries.ts";
import { isWithin, relativePath } from "./paths.ts";
import { pnpPackages } from "./pnp.ts";
import { readFolder } from "./walk.ts";
import { exists } from "./file-access.ts";

/** What the tools of a workspace resolve in the repository around it; all paths are absolute. */
export interface Surroundings {
  /** The folders above the workspace, up to the repository's root, the nearest first. */
  folders: string[];
  /** Configuration in those folders, and what configuration names by a relative path. */
  files: string[];
  /** Sibling packages the workspace depends on, its dependencies' own included. */
  packages: string[];
}

/** Files in which tools look for settings, in a folder and in those above it. */
const configurationName =
  /^(package\.json|pnpm-workspace\.yaml|(lerna|nx|turbo|rush|global|deno)\.jsonc?|[jt]sconfig[\w.-]*\.json|jest[\w.-]*\.([cm]?[jt]s|json)|[\w.-]+\.config\.([cm]?[jt]s|json)|\.(babel|eslint|prettier|swc|mocha|tap|nyc|c8|browserslist)rc(\.\w+)?|\.editorconfig|\.(nvmrc|node-version|python-version|ruby-version|tool-versions)|bunfig\.toml|pyproject\.toml|setup\.(cfg|py)|pytest\.ini|tox\.ini|conftest\.py|Cargo\.(toml|lock)|rust-toolchain(\.toml)?|go\.(work|work\.sum|mod|sum)|pom\.xml|(build|settings)\.gradle(\.kts)?|gradle\.properties|Directory\.[\w.]+|Gemfile(\.lock)?|composer\.(json|lock)|phpunit\.xml(\.dist)?|CMakeLists\.txt)$/i;

/** Folders with one of these are packages of their own. */
const manifests = [
  "package.json",
  "tsconfig.json",
  "Cargo.toml",
  "go.mod",
  "pyproject.toml",
  "setup.py",
  "pom.xml",
];

const MOST_PACKAGES = 100;
const MOST_FILES = 300;
const LARGEST_FILE = 256 * 1024;

/** The surroundings of a workspace inside a repository; empty if it is a whole repository. */
export const surroundingsOf = (workspace: string, git: GitFiles | null): Surroundings => {
  const found: Surroundings = { folders: [], files: [], packages: [] };
  if (git === null || git.root === workspace || !isWithin(git.root, workspace)) return found;
  for (let folder = dirname(workspace); ; folder = dirname(folder)) {
    found.folders.push(folder);
    if (folder === git.root) break;
  }
  const rules = ignoreRules(git.root, git);
  const realRoot = realpathSync.native(git.root);
  /** The target of the path, as a path in the repository; `null` if a link leads out of it. */
  const placeOf = (path: string): string | null => {
    const real = existingRealpath(path);
    return real !== null && isWithin(realRoot, real) ? join(git.root, relativePath(realRoot, real)) : null;
  };
  const ruleOf = (place: string): string | null => rules.closedBy(relativePath(git.root, place));
  const isOutside = (path: string): boolean =>
    isWithin(git.root, path) && path !== git.root && !isWithin(workspace, path) && !isWithin(path, workspace);

  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = found.folders.flatMap(configurationIn);
  const read = new Set<string>();
  const references = (path: string): void => {
    const place = placeOf(path);
    if (read.has(path) || files.size > MOST_FILES || place === null) return;
    read.add(path);
    if (!isWithin(workspace, path) && ruleOf(place) === null) files.add(path);
    for (const target of relativeTargets(path)) {
      if (!isOutside(target) || target.includes("/node_modules/")) continue;
      if (manifests.some((name) => exists(join(target, name)))) usePackage(target);
      else if (isSmallFile(target)) references(target);
    }
  };
  const usePackage = (folder: string): void => {
    const place = placeOf(folder);
    if (packages.has(folder) || packages.size >= MOST_PACKAGES || !isOutside(folder)) return;
    if (place === null || !isOutside(place)) return;
    const rule = ruleOf(place) ?? rules.rule(relativePath(git.root, place), true);
    // A package that git ignores was built, and tools need it too.
    if (rule !== null && closesToAgents(rule)) return;
    packages.add(folder);
    useDependencies(folder);
  };
  const useDependencies = (folder: string): void => {
    configurationIn(folder).forEach(references);
    const ofPnp = pnpPackages(folder);
    for (const name of dependencyNames(folder)) {
      const real = ofPnp.get(name) ?? linkedPackage(folder, name);
      if (real !== null && !real.split("/").includes("node_modules")) usePackage(real);
    }
  };
  waiting.forEach(references);
  useDependencies(workspace);
  return {
    folders: found.folders,
    files: [...files].filter((file) => !isInSome(packages, file)),
    packages: [...packages],
  };
};

const existingRealpath = (path: string): string | null => {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
};

const isInSome = (folders: ReadonlySet<string>, path: string): boolean =>
  [...folders].some((folder) => isWithin(folder, path));

const configurationIn = (folder: string): string[] =>
  readFolder(folder)
    .filter((entry) => entry.isFile() && configurationName.test(entry.name))
    .map(({ name }) => join(folder, name))
    .filter(isSmallFile);

const isSmallFile = (path: string): boolean => {
  try {
    const stats = lstatSync(path);
    return stats.isFile() && stats.size <= LARGEST_FILE;
  } catch {
    return false;
  }
};

/** What a configuration names relative to itself: `extends`, `references`, presets, path dependencies. */
const relativeTargets = (path: string): string[] => {
  const text = readSettingFile(path) ?? "";
  const named = [...text.matchAll(/["'`](\.\.?\/[^"'`\n*$]{1,200})["'`]|=>\s*(\.\.?\/\S{1,200})/g)];
  return named.flatMap(([, quoted, replaced]) => {
    const target = resolve(dirname(path), (quoted ?? replaced ?? "").replace(/\/$/, ""));
    return [target, `${target}.json`, `${target}.js`].filter((each) => exists(each)).slice(0, 1);
  });
};

/** The target of the link to a package that a folder uses by name; `null` if it is not a link. */
const linkedPackage = (folder: string, name: string): string | null => {
  for (let at = folder; ; at = dirname(at)) {
    const place = join(at, "node_modules", name);
    try {
      if (lstatSync(place).isSymbolicLink()) return realpathSync.native(place);
      return null;
    } catch {
      if (dirname(at) === at) return null;
    }
  }
};
