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

/** A file of the source at the time when the copy was last prepared. */
export interface BaseFile {
  /** The stamp of the source's file; null while the file may still change without a new stamp. */
  source: string | null;
  /** The stamp of the copy's file while it has these bytes; null if it has others. */
  copy: string | null;
  sha256: string;
  executable: boolean;
}

/** An unsaved text of the editor, with the bytes that saving it would write. */
interface OverlayFile {
  bytes: Buffer;
  sha256: string;
  executable: boolean;
}

/**
 * The private copy of a workspace, in which a worker works instead of the user's files. Changes are relative to
 * `base` with `overlays` on top. `prepared` are the changes of earlier stages, which the copy started with.
 */
export interface PrivateCopy {
  /** The workspace. It is never written. */
  source: string;
  /** The root of the copy, which is the agents' workspace. */
  root: string;
  /** The counterpart of the repository around the workspace; the copy's root if there is none. */
  repository: string;
  manifestFile: string;
  /** The key for the manifest's authentication code. */
  key: string;
  base: Map<string, BaseFile>;
  /** Links of the source that stay inside it, with their targets. */
  links: Map<string, string>;
  overlays: Map<string, OverlayFile>;
  prepared: Map<string, FileChange>;
  /** The change set: what earlier stages and this stage's tools did to files. See `recordChange`. */
  written: Map<string, FileChange>;
  /** Results of test runs, by the requested tests and the state of the files. See `run-tests.ts`. */
  testResults: Map<string, string>;
  /** The repository around the workspace that the runtime found. */
  git: GitFiles | null;
  /** A Python virtual environment outside the workspace. */
  python: string | null;
  /** Processes next to the worker that do not belong to its commands; see `companionsOf`. */
  companions: ReadonlySet<string>;
  rules: IgnoreRules;
  /** Which files of the workspace are tests, before any agent touched it. */
  layout: TestLayout;
  /** Paths of the workspace's packages that others import by name. */
  packages: Set<string>;
  /** Ignored files and folders that were copied nevertheless. See `copyBuilt`. */
  built: Set<string>;
  /** The changes that the build output belongs to. See `stalePackages`. */
  builtFor: string;
  /** Stamps of copied files that are not part of the change set. See `syncTree`. */
  synced: Map<string, string>;
  /** Packages of the repository next to the workspace, and their copies. */
  siblings: Map<string, string>;
  /** Real paths of the folders that contain dependencies. */
  dependencies: string[];
  /** Links of packages to folders that instances cannot reach, as absolute paths. */
  unreached: Set<string>;
}

/** A copy of `source` below the folder `place`. It is not prepared yet; see `prepare`. */
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

/** A folder of a repository keeps its place in it, so that `../tsconfig.json` has the same target. */
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

/** The file's last state from the agents' tools, in one word. See `stateOf`. */
export const recordedState = (copy: PrivateCopy, path: string): string => {
  const written = copy.written.get(path);
  if (written !== undefined) return stateOf(written);
  const original = originalOf(copy, path);
  return original === null ? "deleted" : `${original.sha256} ${original.executable}`;
};

/** Whether the agents' tools left the file with these bytes. The file on disk may differ. */
export const holds = (copy: PrivateCopy, path: string, bytes: Uint8Array): boolean =>
  recordedState(copy, path).startsWith(`${sha256(bytes)} `);

/**
 * Records that an agent's tool made `change`, so that it is part of the change set. A file that returns to its
 * original state leaves the change set.
 */
export const recordChange = (copy: PrivateCopy, change: FileChange): void => {
  const original = originalOf(copy, change.path);
  const originalState = original === null ? "deleted" : `${original.sha256} ${original.executable}`;
  if (stateOf(change) === originalState) copy.written.delete(change.path);
  else copy.written.set(change.path, change);
};

/** Why agents may not see or change the path; null if they may. */
export const closedBy = (copy: PrivateCopy, path: string): string | null => {
  const segments = path.split("/");
  const folders = segments.map((_, index) => segments.slice(0, index + 1).join("/"));
  if (folders.some((folder) => isDependency(copy.source, folder))) {
    return "the rule that dependencies are read only";
  }
  return copy.rules.closedBy(path);
};
