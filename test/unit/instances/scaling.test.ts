import assert from "node:assert/strict";
import fc from "fast-check";
import { ArrivalForecast, usuallyAtMost } from "../../../server/instances/pool/arrivals.ts";
import { desiredInstances } from "../../../server/instances/pool/scaling.ts";

const size = { minimum: 0, target: 0, maximum: 8 };

const forecast = (times: readonly number[]): ArrivalForecast => {
  const arrivals = new ArrivalForecast();
  for (const at of times) arrivals.add(at);
  return arrivals;
};

const idle = { queued: 0, working: 0, arrivals: forecast([]), meanSeconds: 0, startSeconds: 0 };
/** One every two seconds, for five minutes. */
const steady = Array.from({ length: 150 }, (_, index) => index * 2000);
const END = 300_000;

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
          arrivals: fc
            .array(fc.nat(60_000), { maxLength: 100 })
            .map((times) => forecast(times.toSorted((a, b) => a - b))),
          meanSeconds: fc.float({ min: 0, max: 600, noNaN: true }),
          startSeconds: fc.float({ min: 0, max: 60, noNaN: true }),
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

  it("holds spares in addition to those at work and waited for", () => {
    assert.equal(desiredInstances({ ...size, target: 2 }, { ...idle, queued: 1, working: 2 }, 0), 5);
  });

  it("expects arrivals as often as they lately came, for as long as they lately took", () => {
    const demand = { ...idle, arrivals: forecast(steady), meanSeconds: 10 };
    assert.equal(desiredInstances(size, demand, END), 5);
  });

  it("starts ahead what is usually asked for while one starts", () => {
    const demand = { ...idle, arrivals: forecast(steady), working: 2, startSeconds: 4 };
    assert.equal(desiredInstances(size, demand, END), 2 + usuallyAtMost(2));
  });

  it("takes one claim for no rate", () => {
    const demand = { ...idle, arrivals: forecast([0]), working: 1, meanSeconds: 600, startSeconds: 60 };
    assert.equal(desiredInstances(size, demand, 1000), 1);
  });

  it("forgets claims when none follow", () => {
    const demand = { ...idle, arrivals: forecast(steady), meanSeconds: 10, startSeconds: 4 };
    assert.equal(desiredInstances(size, demand, END + 300_000), 0);
  });
});

describe("the forecast of arrivals", () => {
  it("expects more where they come ever more often, and fewer where they cease", () => {
    const rising = Array.from({ length: 60 }, (_, step) =>
      Array.from({ length: Math.floor(step / 6) }, () => step * 5000),
    ).flat();
    const flat = Array.from({ length: 60 }, (_, step) => Array.from({ length: 5 }, () => step * 5000)).flat();
    const at = 60 * 5000;
    const ofRising = forecast(rising).expected(30, at);
    assert.ok(ofRising > 6 * 7, `${ofRising}: fewer than lately`);
    assert.ok(Math.abs(forecast(flat).expected(30, at) - 30) < 5);
    assert.ok(forecast(flat).expected(30, at + 60_000) < 15);
  });

  it("is a number that is not negative, whatever came", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100_000), { maxLength: 50 }),
        fc.nat(600),
        fc.nat(4_000_000),
        (gaps, seconds, later) => {
          let at = 0;
          const arrivals = forecast(gaps.map((gap) => (at += gap)));
          const expected = arrivals.expected(seconds, at + later);
          assert.ok(Number.isFinite(expected) && expected >= 0);
        },
      ),
    );
  });

  it("knows Poisson's distribution", () => {
    assert.deepEqual([0, 0.05, 0.5, 1, 2, 5, 10].map(usuallyAtMost), [0, 0, 1, 2, 4, 8, 14]);
    assert.ok(Math.abs(usuallyAtMost(50) - usuallyAtMost(50.01)) <= 1);
  });
});
