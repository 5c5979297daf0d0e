import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readTraceContext } from "../../../schemas/trace.ts";

const trace = "0af7651916cd43dd8448eb211c80319c";
const span = "b7ad6b7169203331";
const trace_parent = `00-${trace}-${span}-01`;

describe("a trace context from outside", () => {
  it("is read, with its state", () => {
    assert.deepEqual(readTraceContext(trace_parent, undefined), { trace_parent });
    assert.deepEqual(readTraceContext(trace_parent, "a=1,b=2"), { trace_parent, trace_state: "a=1,b=2" });
  });

  it("may be of a later version", () => {
    const later = `01-${trace}-${span}-01-more`;
    assert.deepEqual(readTraceContext(later, undefined), { trace_parent: later });
  });

  it("keeps its parent when its state is unusable", () => {
    for (const state of ["", "x".repeat(513), ["a=1"]])
      assert.deepEqual(readTraceContext(trace_parent, state), { trace_parent });
  });

  for (const malformed of [
    undefined,
    "",
    "00",
    [trace_parent],
    trace_parent.toUpperCase(),
    `00-${trace}-${span}`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01\nTRACESTATE`,
    `01-${trace}-${span}-01-${"x".repeat(200)}`,
  ])
    it(`counts as none if it is ${String(malformed).slice(0, 70)}`, () => {
      assert.equal(readTraceContext(malformed, "a=1"), undefined);
    });
});
