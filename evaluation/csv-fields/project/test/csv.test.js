import assert from "node:assert/strict";
import { it } from "node:test";
import { parseCsv, parseTable } from "../src/csv.js";

it("splits records and fields", () => {
  assert.deepEqual(parseCsv("a,b\n1, 2"), [
    ["a", "b"],
    ["1", " 2"],
  ]);
});

it("names fields by the first record", () => {
  assert.deepEqual(parseTable("a,b\n1,2\n3"), [
    { a: "1", b: "2" },
    { a: "3", b: "" },
  ]);
});
