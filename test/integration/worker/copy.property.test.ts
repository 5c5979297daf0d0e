import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { FileChange } from "../../../schemas/changes.ts";
import { collectChanges } from "../../../server/worker/copy/changes.ts";
import { privateCopy } from "../../../server/worker/copy/copy.ts";
import { prepare } from "../../../server/worker/copy/prepare.ts";
import { afterCommand } from "./after-command.ts";
import { makeEdit, type Edit } from "./edits.ts";
import { clear, readTree, temporaryFolder, type Tree } from "./tree.ts";

const { signal } = new AbortController();

const name = fc.constantFrom("a", "b", "c.ts", "d.test.ts", "ü x.md");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const bytes = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array)),
);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("write" as const), path, bytes }) },
  fc.record({ do: fc.constant("remove" as const), path }),
  fc.record({ do: fc.constant("mode" as const), path }),
);
const edits = fc.array(edit, { maxLength: 8 });

const applyTo = (tree: Tree, changes: readonly FileChange[]): Tree => {
  const result = { ...tree };
  for (const change of changes) {
    if (change.content === null) Reflect.deleteProperty(result, change.path);
    else {
      const data = Buffer.from(change.content.data, change.content.encoding).toString("latin1");
      result[change.path] = data + (change.executable ? "*" : "");
    }
  }
  return result;
};

describe("private copy, for any workspace and any edits", () => {
  let place: string;
  beforeEach(() => {
    place = temporaryFolder("copy");
  });
  afterEach(() => {
    clear(place);
  });

  it("hands back changes that make the same tree of the same source elsewhere", async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(edits, edits, async (first, second) => {
        const folder = join(place, String((round += 1)));
        const source = join(folder, "source");
        mkdirSync(source, { recursive: true });
        for (const each of first) makeEdit(source, each);
        const before = readTree(source);
        const copy = privateCopy(source, join(folder, "one"));
        await prepare(copy, { overlays: [], changes: [] }, signal);
        assert.deepEqual(readTree(copy.root), before);
        for (const each of second) makeEdit(copy.root, each);
        const after = readTree(copy.root);
        const { changes, put_back } = await afterCommand(copy, "all", signal);
        assert.deepEqual(put_back, []);
        assert.deepEqual(applyTo(before, changes), after);
        const other = privateCopy(source, join(folder, "two"));
        await prepare(other, { overlays: [], changes }, signal);
        assert.deepEqual(readTree(other.root), after);
        assert.deepEqual((await collectChanges(other, "none", signal)).changes, changes);
        assert.deepEqual(readTree(source), before);
      }),
      { numRuns: 60 },
    );
  });

  it("is made equal to source, overlays and changes again, whatever happened to both sides", async () => {
    const overlays = fc.array(fc.record({ path: fc.constantFrom("c.ts", "new.ts"), text: fc.string() }), {
      maxLength: 2,
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        edits,
        edits,
        edits,
        overlays,
        fc.boolean(),
        async (first, inCopy, inSource, texts, restart) => {
          const folder = join(place, String((round += 1)));
          const source = join(folder, "source");
          mkdirSync(source, { recursive: true });
          for (const each of first) makeEdit(source, each);
          let copy = privateCopy(source, join(folder, "copy"));
          await prepare(copy, { overlays: texts, changes: [] }, signal);
          for (const each of inCopy) makeEdit(copy.root, each);
          for (const each of inSource) makeEdit(source, each);
          if (restart) copy = privateCopy(source, join(folder, "copy"));
          if (!existsSync(join(copy.root, "link"))) symlinkSync("..", join(copy.root, "link"));
          await prepare(copy, { overlays: [], changes: [] }, signal);
          assert.deepEqual(readTree(copy.root), readTree(source));
          assert.deepEqual(await collectChanges(copy, "none", signal), { changes: [], put_back: [] });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("has nothing of what a stage may not write left in it", async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(edits, edits, async (first, second) => {
        const folder = join(place, String((round += 1)));
        const source = join(folder, "source");
        mkdirSync(source, { recursive: true });
        for (const each of first) makeEdit(source, each);
        const copy = privateCopy(source, join(folder, "copy"));
        await prepare(copy, { overlays: [], changes: [] }, signal);
        for (const each of second) makeEdit(copy.root, each);
        const { changes } = await afterCommand(copy, "sources", signal);
        for (const change of changes) assert.doesNotMatch(change.path, /\.test\.ts$/);
        const again = await collectChanges(copy, "sources", signal);
        assert.deepEqual(again.changes, changes);
        assert.deepEqual(again.put_back, []);
        assert.deepEqual(applyTo(readTree(source), changes), readTree(copy.root));
      }),
      { numRuns: 60 },
    );
  });
});
