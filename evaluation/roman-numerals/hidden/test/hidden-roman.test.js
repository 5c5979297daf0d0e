import assert from "node:assert/strict";
import { it } from "node:test";
import * as roman from "../src/roman.js";

it("reads every numeral toRoman writes, in either case", () => {
  for (let number = 1; number <= 3999; number++) {
    assert.equal(roman.fromRoman(roman.toRoman(number)), number);
    assert.equal(roman.fromRoman(roman.toRoman(number).toLowerCase()), number);
  }
});

for (const text of ["", " ", "IIII", "VV", "IC", "IM", "XCXC", "IXI", "MMMM", "X ", "ABC", "1"])
  it(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => roman.fromRoman(text),
      (error) => error instanceof RangeError && error.message.includes(text),
    );
  });
