import assert from "node:assert/strict";
import fc from "fast-check";
import type { FileChange } from "../../../schemas/changes.ts";
import { mergeThreeWay } from "../../../server/workspace/three-way.ts";
import { bench, type Bench, change, owner, sha256 } from "./support.ts";

const text = "one\ntwo\nthree\nfour\nfive\nsix\n";

describe("change sets of parallel stages", () => {
  let at: Bench;
  beforeEach(async () => {
    at = await bench({ "a.ts": text, "b.ts": text });
  });
  afterEach(() => at.workspace.remove());

  const merge = async (base: FileChange[] | null, ...branches: FileChange[][]) => {
    const build = (list: FileChange[]) => at.changes.build(owner, list, []);
    const sets = await Promise.all(branches.map(build));
    return at.changes.merge(owner, base === null ? null : await build(base), sets);
  };
  const contentsOf = async (result: Awaited<ReturnType<typeof merge>>) => {
    assert.ok(result.merged);
    const contents = await at.changes.contents(result.change_set);
    return Object.fromEntries(contents.map(({ path, after }) => [path, after?.data ?? null]));
  };

  it("come together where they touch different files or different lines", async () => {
    const left = [change("a.ts", text, text.replace("one", "1")), change("c.ts", null, "c\n")];
    const right = [change("a.ts", text, text.replace("six", "6")), change("b.ts", text, null)];
    assert.deepEqual(await contentsOf(await merge(null, left, right)), {
      "a.ts": "1\ntwo\nthree\nfour\nfive\n6\n",
      "b.ts": null,
      "c.ts": "c\n",
    });
  });

  it("conflict explicitly where they overlap", async () => {
    const left = [change("a.ts", text, text.replace("one", "1")), change("b.ts", text, null)];
    const right = [change("a.ts", text, text.replace("one", "I")), change("b.ts", text, `${text}7\n`)];
    assert.deepEqual(await merge(null, left, right), { merged: false, conflicts: ["a.ts", "b.ts"] });
  });

  it("count what both took over from the stage before as no change of theirs", async () => {
    const base = [change("a.ts", text, text.replace("three", "3")), change("c.ts", null, "c\n")];
    const left = [change("a.ts", text, text.replace("three", "3").replace("one", "1")), base[1]].filter(
      (file) => file !== undefined,
    );
    assert.deepEqual(await contentsOf(await merge(base, left, base)), {
      "a.ts": "1\ntwo\n3\nfour\nfive\nsix\n",
      "c.ts": "c\n",
    });
  });

  it("take back what a branch took back of the stage before", async () => {
    const base = [change("a.ts", text, text.replace("three", "3")), change("c.ts", null, "c\n")];
    assert.deepEqual(await contentsOf(await merge(base, [], base)), {});
  });

  it("agree on the same change made twice", async () => {
    const both = [change("a.ts", text, text.replace("one", "1"))];
    const result = await merge(null, both, both);
    assert.ok(result.merged);
    assert.equal(result.change_set.files[0]?.after, sha256(text.replace("one", "1")));
  });
});

describe("a three-way merge", () => {
  const lines = fc.array(fc.constantFrom("a\n", "b\n", "c\r\n", "d\n"), { maxLength: 12 });
  const join = (parts: readonly string[]) => Buffer.from(parts.join(""));

  it("gives the one side that changed, whatever it became", () => {
    fc.assert(
      fc.property(lines, lines, (base, changed) => {
        assert.deepEqual(mergeThreeWay(join(base), join(base), join(changed)), join(changed));
        assert.deepEqual(mergeThreeWay(join(base), join(changed), join(base)), join(changed));
      }),
    );
  });

  it("keeps both edits when unchanged lines stand between them", () => {
    fc.assert(
      fc.property(lines, lines, lines, lines, (top, newTop, bottom, newBottom) => {
        const middle = ["one\n", "two\n", "three\n"];
        const merged = mergeThreeWay(
          join([...top, ...middle, ...bottom]),
          join([...newTop, ...middle, ...bottom]),
          join([...top, ...middle, ...newBottom]),
        );
        assert.deepEqual(merged, join([...newTop, ...middle, ...newBottom]));
      }),
    );
  });

  it("refuses binary files and files beyond its size", () => {
    const binary = Buffer.of(0, 1);
    assert.equal(mergeThreeWay(binary, Buffer.of(0, 2), Buffer.of(0, 3)), null);
    const large = Buffer.alloc(3 * 1024 * 1024, "line\n");
    const edited = (first: string) => Buffer.concat([Buffer.from(first), large]);
    assert.equal(mergeThreeWay(large, edited("a\n"), edited("b\n")), null);
  });
});
