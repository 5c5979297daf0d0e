import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import type { FileChange } from "../../../schemas/changes.ts";
import { collectChanges } from "../../../server/worker/copy/changes.ts";
import { privateCopy } from "../../../server/worker/copy/copy.ts";
import { prepare } from "../../../server/worker/copy/prepare.ts";
import { clear, readTree, temporaryFolder, type Tree } from "./tree.ts";

const { signal } = new AbortController();

const name = fc.constantFrom("a", "b", "c.ts", "d.test.ts", "ü x.md");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const bytes = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array)),
);

type Edit =
  | { do: "write"; path: string; bytes: Buffer }
  | { do: "remove"; path: string }
  | { do: "mode"; path: string };
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("write" as const), path, bytes }) },
  fc.record({ do: fc.constant("remove" as const), path }),
  fc.record({ do: fc.constant("mode" as const), path }),
);
const edits = fc.array(edit, { maxLength: 8 });

/** Makes an edit as any program would, files and folders taking each other's place. */
function make(root: string, change: Edit): void {
  const target = join(root, change.path);
  if (change.do === "write") {
    for (let folder = dirname(change.path); folder !== "."; folder = dirname(folder)) {
      if (isFile(join(root, folder))) rmSync(join(root, folder));
    }
    if (existsSync(target) && !isFile(target)) rmSync(target, { recursive: true });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, change.bytes);
  } else if (change.do === "remove") {
    if (isFile(target) || existsSync(target)) rmSync(target, { recursive: true });
  } else if (isFile(target)) {
    chmodSync(target, 0o755);
  }
}

function isFile(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

function applyTo(tree: Tree, changes: readonly FileChange[]): Tree {
  const result = { ...tree };
  for (const change of changes) {
    if (change.content === null) Reflect.deleteProperty(result, change.path);
    else {
      const data = Buffer.from(change.content.data, change.content.encoding).toString("latin1");
      result[change.path] = data + (change.executable ? "*" : "");
    }
  }
  return result;
}

describe("private copy, for any workspace and any edits", function () {
  this.timeout(30_000);

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
        for (const each of first) make(source, each);
        const before = readTree(source);
        const copy = privateCopy(source, join(folder, "one"));
        await prepare(copy, { overlays: [], changes: [] }, signal);
        assert.deepEqual(readTree(copy.root), before);
        for (const each of second) make(copy.root, each);
        const after = readTree(copy.root);
        const { changes, put_back } = await collectChanges(copy, "all", signal);
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
          for (const each of first) make(source, each);
          let copy = privateCopy(source, join(folder, "copy"));
          await prepare(copy, { overlays: texts, changes: [] }, signal);
          for (const each of inCopy) make(copy.root, each);
          for (const each of inSource) make(source, each);
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
        for (const each of first) make(source, each);
        const copy = privateCopy(source, join(folder, "copy"));
        await prepare(copy, { overlays: [], changes: [] }, signal);
        for (const each of second) make(copy.root, each);
        const { changes } = await collectChanges(copy, "sources", signal);
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
