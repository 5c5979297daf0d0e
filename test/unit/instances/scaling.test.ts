import assert from "node:assert/strict";
import fc from "fast-check";
import { desiredInstances } from "../../../server/instances/pool/scaling.ts";

const size = { minimum: 0, target: 0, maximum: 8 };
const idle = { queued: 0, working: 0, arrivals: [], mean_seconds: 0 };

describe("automatic scaling", () => {
  it("wants nothing where nobody asks", () => {
    assert.equal(desiredInstances(size, idle, 0), 0);
  });
  it("never goes below the minimum or above the maximum", () => {
    fc.assert(
      fc.property(
        fc.record({
          queued: fc.nat(50),
          working: fc.nat(50),
          arrivals: fc.array(fc.nat(60_000), { maxLength: 100 }),
          mean_seconds: fc.float({ min: 0, max: 600, noNaN: true }),
        }),
        fc.nat(4),
        fc.nat(4),
        fc.nat(10),
        (demand, minimum, target, above) => {
          const sizes = { minimum, target, maximum: minimum + above };
          const wanted = desiredInstances(sizes, demand, 60_000);
          assert.ok(wanted >= sizes.minimum && wanted <= sizes.maximum);
        },
      ),
    );
  });
  it("holds spares beside what works and waits", () => {
    assert.equal(desiredInstances({ ...size, target: 2 }, { ...idle, queued: 1, working: 2 }, 0), 5);
  });
  it("expects what arrives as often as it lately did, for as long as it lately took", () => {
    const arrivals = Array.from({ length: 30 }, (_, index) => index * 2000);
    assert.equal(desiredInstances(size, { ...idle, arrivals, mean_seconds: 10 }, 60_000), 5);
  });
  it("forgets claims that are older than a minute", () => {
    const arrivals = Array.from({ length: 30 }, (_, index) => index * 2000);
    assert.equal(desiredInstances(size, { ...idle, arrivals, mean_seconds: 10 }, 180_000), 0);
  });
});
