import assert from "node:assert/strict";
import fc from "fast-check";
import { newSlab, type Entry } from "../../../server/store/memory.ts";
import { OrderedEntries } from "../../../server/store/ordered.ts";

const slab = newSlab(Buffer.alloc(0), "loaded");
const entry = (order: number): Entry => ({
  id: String(order),
  order,
  lists: null,
  slab,
  start: 0,
  length: 0,
});

describe("ordered entries", () => {
  it("hold what a sorted set holds, from every place and in both directions", () => {
    const step = fc.record({ order: fc.nat(5000), remove: fc.boolean(), times: fc.nat(1500) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(6000), (steps, from) => {
        const entries = new OrderedEntries();
        const model = new Set<number>();
        for (const { order, remove, times } of steps)
          for (let each = order; each < order + times; each += 1) {
            if (remove) {
              entries.remove(entry(each));
              model.delete(each);
            } else {
              entries.add(entry(each));
              model.add(each);
            }
          }
        const sorted = [...model].sort((left, right) => left - right);
        const orders = (walk: Iterable<Entry>) => Array.from(walk, (each) => each.order);
        assert.equal(entries.size, sorted.length);
        assert.deepEqual(
          orders(entries.after(from)),
          sorted.filter((order) => order > from),
        );
        assert.deepEqual(orders(entries.before(from)), sorted.filter((order) => order < from).reverse());
        assert.deepEqual(orders(entries.before(Infinity)), sorted.toReversed());
      }),
      { numRuns: 60 },
    );
  });
});
