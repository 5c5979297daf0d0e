import { lstatSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { WorkspacePath } from "../../schemas/primitives.ts";

const outside = (path: string) => fail("outside_workspace", { path, workspace: "the workspace" });

/**
 * A path as a model or a person wrote it, as a {@link WorkspacePath}: `./src//a.ts` and `src\a.ts`
 * become `src/a.ts`. Errors: `outside_workspace` for an absolute path and for one with `..`.
 */
export const toWorkspacePath = (written: string): WorkspacePath => {
  const segments = written.trim().replaceAll("\\", "/").split("/");
  const kept = segments.filter((segment, index) => segment !== "." && (segment !== "" || index === 0));
  const parsed = WorkspacePath.safeParse(kept.join("/"));
  if (!parsed.success) throw outside(written);
  return parsed.data;
};

/** Whether `path` is `folder` or lies below it; both absolute. */
export const isWithin = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
};

/** A path between two folders of one file system, as a {@link WorkspacePath} spells it. */
export const relativePath = (folder: string, path: string): string =>
  sep === "/" ? relative(folder, path) : relative(folder, path).replaceAll(sep, "/");

const exists = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // A file or a circle of links stands where a folder on the way should be.
  }
};

const nearestExisting = (path: string): string => {
  for (let candidate = path; ; candidate = dirname(candidate))
    if (exists(candidate) || dirname(candidate) === candidate) return candidate;
};

/**
 * The absolute path of `path` inside `root`, after every symbolic link on the way was followed: a
 * link that leads out is refused, no matter when it was made. `alsoWithin` are folders links may
 * lead to, such as the workspace's dependencies. Errors: `outside_workspace`.
 */
export const confine = (root: string, path: WorkspacePath, alsoWithin: readonly string[] = []): string => {
  const wanted = join(root, path);
  const existing = nearestExisting(wanted);
  let real: string;
  try {
    real = realpathSync.native(existing);
  } catch {
    throw outside(path); // A link to nowhere or to itself: following it later could lead anywhere.
  }
  const allowed = [root, ...alsoWithin].map((folder) => realpathSync.native(folder));
  if (!allowed.some((folder) => isWithin(folder, real))) throw outside(path);
  return join(real, relative(existing, wanted));
};
