import assert from "node:assert/strict";
import fc from "fast-check";
import { boundedOutput, cutMiddle } from "../../../server/worker/output.ts";

describe("bounded output", () => {
  it("keeps everything that fits, and else the beginning and the end", () => {
    const chunks = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 50 }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 3, max: 300 }), (parts, limit) => {
        const output = boundedOutput(limit);
        for (const part of parts) output.add(Buffer.from(part));
        const whole = parts.join("");
        const text = output.text();
        if (whole.length <= limit) {
          assert.equal(text, whole);
          return;
        }
        const [head = "", tail = ""] = text.split(/\n… \d+ bytes cut …\n/);
        assert.equal(head.length + tail.length, limit);
        assert.ok(whole.startsWith(head) && whole.endsWith(tail));
        assert.match(text, new RegExp(`… ${whole.length - limit} bytes cut …`));
      }),
      { numRuns: 500 },
    );
  });

  it("does not grow with what it is given", () => {
    const output = boundedOutput(1000);
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 2000; round += 1) output.add(Buffer.alloc(64 * 1024, "x"));
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
    assert.equal(output.text().replace(/\n.*\n/, "").length, 1000);
  });

  it("cuts the middle out of a text, and says how much", () => {
    assert.equal(cutMiddle("short", 10), "short");
    assert.equal(cutMiddle("a".repeat(10) + "b".repeat(20), 9), `aaa\n… 21 characters cut …\nbbbbbb`);
  });
});
