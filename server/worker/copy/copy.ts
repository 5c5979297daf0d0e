import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { FileChange } from "../../../schemas/changes.ts";
import { byNames, type TestLayout } from "../../../schemas/test-layout.ts";
import type { GitFiles } from "../../../schemas/git-files.ts";
import { findGit } from "../../workspace/git.ts";
import { ignoreRules, type IgnoreRules } from "../../workspace/ignore.ts";
import { relativePath } from "../../workspace/paths.ts";
import { isDependency } from "../../workspace/walk.ts";
import { sha256, stateOf } from "./files.ts";

/** A file of the source when the copy was last made equal to it. */
export interface BaseFile {
  /** Stamp of the source's file; `null` while it may still change without its stamp changing. */
  source: string | null;
  /** Stamp of the copy's file while it holds these bytes; `null` if it holds something else. */
  copy: string | null;
  sha256: string;
  executable: boolean;
}

/** An unsaved text of the editor, as the bytes that saving it would write. */
interface OverlayFile {
  bytes: Buffer;
  sha256: string;
  executable: boolean;
}

/**
 * The private copy of a workspace, in which a worker works instead of the user's files. Changes are
 * counted from `base` with `overlays` on top; `prepared` are the changes of earlier stages, which the
 * copy started with.
 */
export interface PrivateCopy {
  /** The workspace; never written. */
  source: string;
  /** The copy's root: the agents' workspace. */
  root: string;
  /** Takes the place of the repository around the workspace; the copy's root if there is none. */
  repository: string;
  manifestFile: string;
  /** For the code on the manifest. */
  key: string;
  base: Map<string, BaseFile>;
  /** Links of the source that stay inside it, with what they point to. */
  links: Map<string, string>;
  overlays: Map<string, OverlayFile>;
  prepared: Map<string, FileChange>;
  /** What earlier stages and this stage's tools made of files: the change set. See `recordChange`. */
  written: Map<string, FileChange>;
  /** Results of test runs by what was run on which files; see `run-tests.ts`. */
  testResults: Map<string, string>;
  /** The repository around the workspace, as the runtime found it. */
  git: GitFiles | null;
  /** A virtual environment of Python outside of the workspace. */
  python: string | null;
  /** Processes next to the worker that do not belong to its commands; see `companionsOf`. */
  companions: ReadonlySet<string>;
  rules: IgnoreRules;
  /** Which files of the workspace are tests, before any agent touched it. */
  layout: TestLayout;
  /** Folders of the workspace that are packages others import by name, as paths inside it. */
  packages: Set<string>;
  /** Ignored files and folders that were copied nevertheless: see `copyBuilt`. */
  built: Set<string>;
  /** The changes that the build output belongs to; see `stalePackages`. */
  builtFor: string;
  /** Stamps of files that were copied without being part of the change set; see `syncTree`. */
  synced: Map<string, string>;
  /** Packages of the repository next to the workspace, and their copies. */
  siblings: Map<string, string>;
  /** Real paths of the folders that dependencies are reached in. */
  dependencies: string[];
  /** Links of packages to folders that instances cannot reach, as absolute paths. */
  unreached: Set<string>;
}

/** A copy of `source` below the folder `place`, not prepared yet: see `prepare`. */
export const privateCopy = (
  source: string,
  place: string,
  git: GitFiles | null = findGit(realpathSync.native(source)),
  key = "",
): PrivateCopy => {
  const workspace = realpathSync.native(source);
  return {
    source: workspace,
    ...placesIn(place, workspace, git),
    manifestFile: join(place, "manifest.json"),
    key,
    base: new Map(),
    links: new Map(),
    overlays: new Map(),
    prepared: new Map(),
    written: new Map(),
    testResults: new Map(),
    git,
    python: null,
    companions: new Set(),
    rules: ignoreRules(workspace, git),
    layout: byNames,
    packages: new Set(),
    built: new Set(),
    builtFor: "[]",
    synced: new Map(),
    siblings: new Map(),
    dependencies: [],
    unreached: new Set(),
  };
};

/** A folder of a repository keeps its place in it, or `../tsconfig.json` would lead elsewhere. */
const placesIn = (
  place: string,
  workspace: string,
  git: GitFiles | null,
): { root: string; repository: string } => {
  if (git === null || git.root === workspace) {
    const root = join(place, "workspace");
    return { root, repository: root };
  }
  const repository = join(place, "repository");
  return { root: join(repository, relativePath(git.root, workspace)), repository };
};

/** The state of the file before any agent touched it; `null` if there was none. */
export const originalOf = (copy: PrivateCopy, path: string): Pick<BaseFile, "sha256" | "executable"> | null =>
  copy.overlays.get(path) ?? copy.base.get(path) ?? null;

/** The file's state as the agents' tools left it, in one word; see `stateOf`. */
export const recordedState = (copy: PrivateCopy, path: string): string => {
  const written = copy.written.get(path);
  if (written !== undefined) return stateOf(written);
  const original = originalOf(copy, path);
  return original === null ? "deleted" : `${original.sha256} ${original.executable}`;
};

/** Whether the file holds these bytes as the agents' tools left it, whatever is on disk now. */
export const holds = (copy: PrivateCopy, path: string, bytes: Uint8Array): boolean =>
  recordedState(copy, path).startsWith(`${sha256(bytes)} `);

/**
 * Notes that an agent's tool made `change`, so that it is part of the change set. A file that returns to
 * its original state leaves the change set.
 */
export const recordChange = (copy: PrivateCopy, change: FileChange): void => {
  const original = originalOf(copy, change.path);
  const originalState = original === null ? "deleted" : `${original.sha256} ${original.executable}`;
  if (stateOf(change) === originalState) copy.written.delete(change.path);
  else copy.written.set(change.path, change);
};

/** Why agents may not see or change the path, in words for people; `null` if they may. */
export const closedBy = (copy: PrivateCopy, path: string): string | null => {
  const segments = path.split("/");
  const folders = segments.map((_, index) => segments.slice(0, index + 1).join("/"));
  if (folders.some((folder) => isDependency(copy.source, folder))) {
    return "the rule that dependencies are read only";
  }
  return copy.rules.closedBy(path);
};
