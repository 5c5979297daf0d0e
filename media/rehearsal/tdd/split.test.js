import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { split } from "../src/bill.js";

describe("split", () => {
  it("gives everybody whole cents", () => {
    for (const share of split(100, 3)) assert.ok(Number.isInteger(share), `${share} is no whole amount`);
  });

  it("loses no cent", () => {
    assert.deepEqual(split(1000, 7), [143, 143, 143, 143, 143, 143, 142]);
  });

  it("lets the first people pay the cents that are left over", () => {
    assert.deepEqual(split(100, 3), [34, 33, 33]);
  });

  it("refuses to split among nobody", () => {
    assert.throws(() => split(100, 0), RangeError);
  });
});
