import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { format, split, total } from "../src/bill.js";

describe("bill", () => {
  it("adds up what was ordered", () => {
    const items = [
      { name: "Soup", price: 650 },
      { name: "Tea", price: 320, quantity: 2 },
    ];
    assert.equal(total(items), 1290);
  });

  it("is split evenly where that works out", () => {
    assert.deepEqual(split(900, 3), [300, 300, 300]);
  });

  it("is written with two decimals", () => {
    assert.equal(format(1234), "12.34");
  });
});
