import assert from "node:assert/strict";
import fc from "fast-check";
import { passAtK, rateOf } from "../../../server/evaluation/statistics.ts";

const near = (actual: number | undefined, expected: number) => {
  assert.ok(Math.abs((actual ?? NaN) - expected) < 1e-4, `${actual ?? "nothing"} is not ${expected}`);
};

describe("Wilson's interval", () => {
  it("is what the tables say", () => {
    near(rateOf(8, 10)?.low, 0.4902);
    near(rateOf(8, 10)?.high, 0.9433);
    near(rateOf(1, 100)?.low, 0.0018);
    near(rateOf(1, 100)?.high, 0.0545);
  });

  it("says something of none and of all, and nothing of nothing", () => {
    near(rateOf(0, 5)?.high, 0.4345);
    near(rateOf(5, 5)?.low, 0.5655);
    assert.equal(rateOf(0, 0), null);
  });

  it("holds the share and stays inside 0 to 1", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (of, part) => {
          const rate = rateOf(Math.round(of * part), of);
          assert.ok(rate !== null && 0 <= rate.low && rate.low <= rate.share);
          assert.ok(rate.share <= rate.high && rate.high <= 1);
        },
      ),
    );
  });
});

describe("pass@k", () => {
  it("is the share of right samples for one", () => {
    near(passAtK(10, 3, 1), 0.3);
  });

  it("is what drawing k of n without putting back gives", () => {
    // 1 − (7·6·5)/(10·9·8)
    near(passAtK(10, 3, 3), 1 - 210 / 720);
    assert.equal(passAtK(5, 0, 5), 0);
    assert.equal(passAtK(5, 1, 5), 1);
  });

  it("grows with k and with what was right", () => {
    const sample = fc.integer({ min: 1, max: 60 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        c: fc.integer({ min: 0, max: n - 1 }),
        k: fc.integer({ min: 1, max: Math.max(1, n - 1) }),
      }),
    );
    fc.assert(
      fc.property(sample, ({ n, c, k }) => {
        assert.ok(passAtK(n, c, k) <= passAtK(n, c + 1, k) + 1e-12);
        assert.ok(k === n || passAtK(n, c, k) <= passAtK(n, c, k + 1) + 1e-12);
      }),
    );
  });

  it("refuses more than there are samples", () => {
    assert.throws(() => passAtK(2, 1, 3), RangeError);
  });
});
