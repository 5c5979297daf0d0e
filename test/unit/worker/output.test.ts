import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { boundedOutput, cutMiddle } from "../../../server/worker/output.ts";

const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc");
  // V8 gives the function to contexts that are made from then on.
  (runInNewContext("gc") as () => void)();
};

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

  it("holds on to nothing of what it does not keep", async () => {
    const output = boundedOutput(1000);
    const given: WeakRef<Buffer>[] = [];
    for (let round = 0; round < 200; round += 1) {
      const chunk = Buffer.alloc(64 * 1024, "x");
      given.push(new WeakRef(chunk));
      output.add(chunk);
    }
    await new Promise(setImmediate); // A reference that was made is held until the turn ends.
    collectGarbage();
    assert.ok(given.filter((chunk) => chunk.deref() !== undefined).length < 10);
    assert.equal(output.text().replace(/\n.*\n/, "").length, 1000);
  });

  it("cuts the middle out of a text, and says how much", () => {
    assert.equal(cutMiddle("short", 10), "short");
    assert.equal(cutMiddle("a".repeat(10) + "b".repeat(20), 9), `aaa\n… 21 characters cut …\nbbbbbb`);
  });
});
