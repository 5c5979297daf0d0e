import assert from "node:assert/strict";
import { dirname } from "node:path";
import fc from "fast-check";
import { changesOf } from "../../../server/instances/drivers/docker/mirror/changes.ts";
import type { Mirrored } from "../../../server/instances/drivers/docker/mirror/changes.ts";
import type { TreeEntry, TreePart } from "../../../server/workspace/tree.ts";

/** A tree of a few names: a string is a file's content, another record a folder. */
interface Folder {
  [name: string]: string | Folder;
}
const names = fc.constantFrom("a", "b", "c");
const { folder: folders } = fc.letrec<{ folder: Folder }>((tie) => ({
  folder: fc.dictionary(names, fc.oneof({ maxDepth: 3 }, fc.constantFrom("1", "2"), tie("folder")), {
    maxKeys: 3,
  }),
}));

const entriesOf = (root: string, folder: Folder): TreeEntry[] =>
  Object.entries(folder).flatMap(([name, inside]): TreeEntry[] => {
    const path = `${root}/${name}`;
    const shared = { path, executable: false, size: 1, target: null };
    if (typeof inside === "string") return [{ ...shared, type: "file", stamp: inside }];
    return [{ ...shared, type: "directory", stamp: "" }, ...entriesOf(path, inside)];
  });

const partsOf = (tree: Folder): TreePart[] =>
  Object.entries(tree).map(([name, inside]) => ({
    path: `/${name}`,
    stamp: null,
    entries: () => [entriesOf("", { [name]: inside })],
  }));

/** What an engine holds after it removed and unpacked. */
const applied = (
  held: ReadonlyMap<string, string>,
  removed: readonly string[],
  sent: readonly TreeEntry[],
) => {
  const kept = [...held].filter(
    ([path]) => !removed.some((one) => path === one || path.startsWith(`${one}/`)),
  );
  const now = new Map(kept);
  for (const { path, type, stamp } of sent) {
    assert.ok(now.get(dirname(path)) !== "file", `${path} is put into a file`);
    now.set(path, `${type} ${stamp}`);
  }
  return now;
};
const pictureOf = (tree: Folder): Map<string, string> =>
  new Map(entriesOf("", tree).map(({ path, type, stamp }) => [path, `${type} ${stamp}`]));
const sorted = (held: ReadonlyMap<string, string>) => [...held].toSorted(([a], [b]) => (a < b ? -1 : 1));

describe("the mirror of a workspace", () => {
  it("is what the workspace is, whatever was added, changed, removed or replaced", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(folders, { minLength: 1, maxLength: 4 }), async (states) => {
        let before: Mirrored = new Map();
        let held = new Map<string, string>();
        for (const state of states) {
          const { sent, removed, now } = await changesOf(before, partsOf(state), () => undefined);
          held = applied(held, removed, sent);
          assert.deepEqual(sorted(held), sorted(pictureOf(state)));
          before = now;
        }
      }),
    );
  });
  it("is sent nothing where nothing changed", async () => {
    await fc.assert(
      fc.asyncProperty(folders, async (state) => {
        const { now } = await changesOf(new Map(), partsOf(state), () => undefined);
        const again = await changesOf(now, partsOf(state), () => undefined);
        assert.deepEqual([again.sent, again.removed], [[], []]);
      }),
    );
  });
  it("does not look into dependencies whose record is the same", async () => {
    const part = (stamp: string): TreePart => ({
      path: "/m",
      stamp,
      entries: () => [entriesOf("", { m: { x: stamp } })],
    });
    const { now } = await changesOf(new Map(), [part("1")], () => undefined);
    const closed: TreePart = {
      ...part("1"),
      entries: () => {
        throw new Error("looked into");
      },
    };
    assert.deepEqual((await changesOf(now, [closed], () => undefined)).sent, []);
    assert.deepEqual(
      (await changesOf(now, [part("2")], () => undefined)).sent.map(({ path }) => path),
      ["/m/x"],
    );
  });
});
