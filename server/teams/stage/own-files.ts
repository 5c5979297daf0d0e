import type { ChangeSet, FileChange } from "../../../schemas/changes.ts";
import type { OutputFile } from "../../../schemas/execution.ts";
import { entriesOf, type Entry } from "../../changes/build.ts";
import { kept } from "../../changes/contents.ts";
import type { Objects } from "../../store/store.ts";
import { fromFileContent } from "../../workspace/encoding.ts";

export interface OwnWork {
  /** The state the execution began with; null: the workspace as it was. */
  startsWith: ChangeSet | null;
  /** The state it left. */
  changeSet: ChangeSet;
  /** The same as its worker handed it back, with the bytes. */
  changes: readonly FileChange[];
  objects: Objects;
}

const byPath = (changeSet: ChangeSet | null): Map<string, Entry> =>
  new Map(entriesOf(changeSet?.files ?? []).map((entry) => [entry.path, entry]));

/**
 * What an execution itself created, changed and deleted: a change set counts from the user's workspace,
 * so it also holds what earlier stages did.
 */
export const ownFiles = async ({
  startsWith,
  changeSet,
  changes,
  objects,
}: OwnWork): Promise<OutputFile[]> => {
  const [first, last] = [byPath(startsWith), byPath(changeSet)];
  /** Former paths by the new ones, of the files that this execution renamed. */
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
      // A file that is in no change any more was put back as the workspace has it.
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
