import assert from "node:assert/strict";
import { it } from "node:test";
import { parseCsv, parseTable } from "../src/csv.js";

it("takes commas, line breaks and quotes in quoted fields", () => {
  assert.deepEqual(parseCsv('a,"b,c"\n"d\ne","f ""g"""'), [
    ["a", "b,c"],
    ["d\ne", 'f "g"'],
  ]);
});

it("takes both line ends, and adds no record for the last", () => {
  assert.deepEqual(parseCsv("a,b\r\nc,d\r\n"), [
    ["a", "b"],
    ["c", "d"],
  ]);
  assert.deepEqual(parseCsv("a\n"), [["a"]]);
  assert.deepEqual(parseCsv('"a\r\nb"'), [["a\r\nb"]]);
});

it("keeps empty fields, quoted or not", () => {
  assert.deepEqual(parseCsv('a,,""\n,'), [
    ["a", "", ""],
    ["", ""],
  ]);
});

it("keeps blanks of fields without quotes", () => {
  assert.deepEqual(parseCsv(" a , b"), [[" a ", " b"]]);
});

it("refuses a quote that is never closed", () => {
  assert.throws(() => parseCsv('a,"b\nc'), SyntaxError);
});

it("still names fields by the first record", () => {
  assert.deepEqual(parseTable('a,b\r\n"1,5",2\r\n'), [{ a: "1,5", b: "2" }]);
});
