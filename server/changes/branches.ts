import type { Objects } from "../store/store.ts";
import type { Entry } from "./build.ts";
import { kept } from "./contents.ts";
import { mergeThreeWay } from "../workspace/three-way.ts";

type State = Pick<Entry, "after" | "executable">;

const same = (a: State, b: State): boolean =>
  a.after === b.after && (a.after === null || a.executable === b.executable);

const mergeBytes = async (
  objects: Objects,
  base: string | null,
  ours: string | null,
  theirs: string | null,
): Promise<string | null> => {
  if (base === null || ours === null || theirs === null) return null;
  const sides = await Promise.all([base, ours, theirs].map((sha256) => kept(objects, sha256)));
  const [original, left, right] = sides;
  if (!original || !left || !right) return null;
  const merged = mergeThreeWay(original, left, right);
  return merged === null ? null : objects.put(merged);
};

/** What the branches made of one path of `base`; `null` when their changes overlap. */
const resolve = async (objects: Objects, base: State, branches: readonly State[]): Promise<State | null> => {
  let result = base;
  for (const branch of branches) {
    if (same(branch, base) || same(branch, result)) continue;
    if (same(result, base)) {
      result = branch;
      continue;
    }
    const after = await mergeBytes(objects, base.after, result.after, branch.after);
    if (after === null) return null;
    result = { after, executable: branch.executable || result.executable };
  }
  return result;
};

/**
 * Merges what parallel branches made of a common base. All entries count from the
 * workspace as it was, so a path that a branch does not name is there as it was in the workspace.
 */
export const mergeBranches = async (
  objects: Objects,
  base: readonly Entry[],
  branches: readonly (readonly Entry[])[],
): Promise<{ entries: Entry[]; conflicts: string[] }> => {
  const known = new Map([...branches.flat(), ...base].map((entry) => [entry.path, entry]));
  const entries: Entry[] = [];
  const conflicts: string[] = [];
  for (const [path, { before, after, executable }] of known) {
    const stateIn = (side: readonly Entry[]): State =>
      side.find((entry) => entry.path === path) ?? { after: before, executable };
    const resolved = await resolve(objects, stateIn(base), branches.map(stateIn));
    if (resolved === null) conflicts.push(path);
    // An entry that kept its bytes is a change of the right to execute.
    else if (resolved.after !== before || after === before) entries.push({ path, before, ...resolved });
  }
  return { entries, conflicts: conflicts.sort() };
};
