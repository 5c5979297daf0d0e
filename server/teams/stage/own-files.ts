import type { ChangeSet, FileChange } from "../../../schemas/changes.ts";
import type { OutputFile } from "../../../schemas/execution.ts";
import { entriesOf, type Entry } from "../../changes/build.ts";
import { kept } from "../../changes/contents.ts";
import type { Objects } from "../../store/store.ts";
import { fromFileContent } from "../../workspace/encoding.ts";

export interface OwnWork {
  /** The state that the execution began with; null means the user's workspace. */
  startsWith: ChangeSet | null;
  /** The state at its end. */
  changeSet: ChangeSet;
  /** The same state from its worker, with the bytes. */
  changes: readonly FileChange[];
  objects: Objects;
}

const byPath = (changeSet: ChangeSet | null): Map<string, Entry> =>
  new Map(entriesOf(changeSet?.files ?? []).map((entry) => [entry.path, entry]));

/**
 * The files that an execution itself created, changed and deleted. Its change set is relative to the user's
 * workspace, so it also contains the work of earlier stages.
 */
export const ownFiles = async ({
  startsWith,
  changeSet,
  changes,
  objects,
}: OwnWork): Promise<OutputFile[]> => {
  const [first, last] = [byPath(startsWith), byPath(changeSet)];
  /** Maps the new paths of files that this execution renamed to the former paths. */
  const renamed = new Map(
    changeSet.files.flatMap(({ path, old_path }) =>
      old_path === null || first.has(path) || first.has(old_path) ? [] : [[path, old_path] as const],
    ),
  );
  const former = new Set(renamed.values());
  const sizes = new Map(
    changes.flatMap(({ path, content }) =>
      content === null ? [] : [[path, fromFileContent(content).length] as const],
    ),
  );
  const own = [...new Set([...first.keys(), ...last.keys()])]
    .sort()
    .map(async (path): Promise<OutputFile[]> => {
      const [given, left] = [first.get(path), last.get(path)];
      const before = (given === undefined ? left?.before : given.after) ?? null;
      // A file that is no longer in the change set is the same as in the workspace again.
      const after = (left === undefined ? given?.before : left.after) ?? null;
      if (before === after || former.has(path)) return [];
      const kind = kindOf(before, after, renamed.has(path));
      const size = after === null ? null : (sizes.get(path) ?? (await kept(objects, after))?.length ?? null);
      return [{ path, kind, size, sha256: after }];
    });
  return (await Promise.all(own)).flat();
};

const kindOf = (before: string | null, after: string | null, isRenamed: boolean): OutputFile["kind"] => {
  if (isRenamed) return "Renamed";
  if (before === null) return "Created";
  return after === null ? "Deleted" : "Modified";
};
