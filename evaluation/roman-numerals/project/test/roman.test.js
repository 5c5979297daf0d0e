import assert from "node:assert/strict";
import { it } from "node:test";
import { toRoman } from "../src/roman.js";

it("writes numbers as Roman numerals", () => {
  assert.equal(toRoman(1994), "MCMXCIV");
  assert.equal(toRoman(3999), "MMMCMXCIX");
});

it("refuses what has none", () => {
  for (const number of [0, -1, 4000, 1.5, NaN]) assert.throws(() => toRoman(number), RangeError);
});
