import assert from "node:assert/strict";
import fc from "fast-check";
import { Memory, settle, textOf, type Entry } from "../../../server/store/memory.ts";

const write = (memory: Memory, id: number, text: string): Entry => {
  const place = memory.write(text);
  const entry: Entry = { id: String(id), order: id, lists: null, ...place };
  settle(entry, place.slab, place.start, place.length);
  return entry;
};

const rewrite = (memory: Memory, entry: Entry, text: string): void => {
  const { slab, length } = entry;
  const place = memory.write(text);
  settle(entry, place.slab, place.start, place.length);
  memory.release(slab, length);
};

describe("the memory of texts", () => {
  it("gives every text back and passes all that was written on, in order", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 200 }),
      fc.constantFrom("ä".repeat(300_000), "x".repeat(1 << 20), "\u{1F600}".repeat(150_000), ""),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ id: fc.nat(5), text }), { maxLength: 30 }), (steps) => {
        const memory = new Memory();
        const entries = new Map<number, Entry>();
        const model = new Map<number, string>();
        for (const step of steps) {
          const known = entries.get(step.id);
          if (known === undefined) entries.set(step.id, write(memory, step.id, step.text));
          else rewrite(memory, known, step.text);
          model.set(step.id, step.text);
        }
        for (const [id, entry] of entries) assert.equal(textOf(entry), model.get(id)?.toWellFormed());
        const written = Buffer.concat(memory.takeWritten()).toString();
        assert.equal(written, steps.map((step) => step.text.toWellFormed()).join(""));
      }),
      { numRuns: 30 },
    );
  });

  it("does not keep what was replaced: garbage stays below what is alive", () => {
    const memory = new Memory();
    const text = "r".repeat(2000);
    const entries = Array.from({ length: 3000 }, (_, id) => write(memory, id, text));
    // Each round leaves some as they are from then on, so that every slab keeps something alive.
    for (let round = 0; round < 20; round += 1)
      for (const entry of entries) {
        if (entry.order % 20 >= round) rewrite(memory, entry, text);
        if (entry.order % 100 === 0) memory.giveBack(Buffer.concat(memory.takeWritten()).length);
      }
    const slabs = new Set(entries.map(({ slab }) => slab));
    const held = [...slabs].reduce((sum, slab) => sum + slab.bytes.length, 0);
    const alive = entries.length * text.length;
    assert.ok(held < 2 * alive, `${held} bytes are held for ${alive}`);
  });

  it("uses its buffers again, but none that is still being written or that a failure goes back to", () => {
    const memory = new Memory();
    const entries = Array.from({ length: 3000 }, (_, id) => write(memory, id, "r".repeat(2000)));
    const buffers = new Set<ArrayBufferLike>();
    const placesOf = (some: readonly Entry[]) =>
      some.map((entry) => ({ place: { ...entry }, text: textOf(entry) }));
    /** What a failure of the write goes back to; of what was written since, and of what is being written. */
    let former = placesOf([]);
    let goesBackTo = former;
    let writing: Buffer[] = [];
    let expected = "";
    for (let round = 0; round < 60; round += 1) {
      assert.ok(Buffer.concat(writing).toString() === expected, `what is written in round ${round}`);
      for (const { place, text } of goesBackTo) assert.ok(textOf(place) === text, `undoing round ${round}`);
      writing = memory.takeWritten();
      goesBackTo = former;
      expected = Buffer.concat(writing).toString();
      memory.giveBack(expected.length);
      const changed = entries.filter(({ order }) => (order * 7 + round) % 3 === 0);
      former = placesOf(changed);
      for (const entry of changed) {
        rewrite(memory, entry, String.fromCharCode(97 + (round % 26)).repeat(2000));
        buffers.add(entry.slab.bytes.buffer);
      }
    }
    // 120 MB were written.
    assert.ok(buffers.size < 40, `${buffers.size} buffers were made`);
  });
});
