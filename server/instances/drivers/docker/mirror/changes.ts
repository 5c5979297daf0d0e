import type { TreeEntry, TreePart } from "../../../../workspace/tree.ts";

/** The entries of each part of a mirror, as a map from path to stamp. */
export type Mirrored = Map<string, { stamp: string | null; entries: Map<string, string> }>;

/** The difference between the former and the present state of a mirror. */
export interface TreeChanges {
  sent: TreeEntry[];
  removed: string[];
  now: Mirrored;
}

const stampOf = ({ type, executable, target, stamp }: TreeEntry): string =>
  `${type} ${executable} ${target ?? ""} ${stamp}`;

const typeOf = (stamp: string): string => stamp.slice(0, stamp.indexOf(" "));

/** Compares a tree with the contents of a mirror. Awaits `pace` between the steps. */
export const changesOf = async (
  before: Mirrored,
  parts: Iterable<TreePart>,
  pace: () => Promise<void> | undefined,
): Promise<TreeChanges> => {
  const changes: TreeChanges = { sent: [], removed: [], now: new Map() };
  for (const part of parts) {
    const known = before.get(part.path);
    if (known !== undefined && part.stamp !== null && known.stamp === part.stamp) {
      changes.now.set(part.path, known);
      continue;
    }
    const entries = new Map<string, string>();
    for (const list of part.entries()) {
      for (const entry of list) {
        const stamp = stampOf(entry);
        const old = known?.entries.get(entry.path);
        entries.set(entry.path, stamp);
        if (old === stamp) continue;
        changes.sent.push(entry);
        // An archive cannot replace a folder by a file.
        if (old !== undefined && typeOf(old) !== entry.type) changes.removed.push(entry.path);
      }
      await pace();
    }
    const gone = [...(known?.entries.keys() ?? [])].filter((path) => !entries.has(path));
    changes.removed.push(...gone);
    changes.now.set(part.path, { stamp: part.stamp, entries });
  }
  for (const [path, { entries }] of before) {
    if (!changes.now.has(path)) changes.removed.push(...entries.keys());
  }
  return changes;
};
