import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { format } from "../src/bill.js";

describe("format", () => {
  it("keeps the zero of cents below ten", () => {
    assert.equal(format(1205), "12.05");
  });

  it("writes whole amounts with two zeros", () => {
    assert.equal(format(1200), "12.00");
  });
});
