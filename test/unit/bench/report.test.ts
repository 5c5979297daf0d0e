import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { jsonReport, median, percentile } from "../../bench/report.ts";

describe("benchmark figures", () => {
  const lines: unknown[] = [];
  const { report } = jsonReport("start", (text) => lines.push(JSON.parse(text)));

  it("carry the ratio to what they are compared with", () => {
    report({
      name: "launch",
      value: 150,
      unit: "ms",
      against: { name: "floor", value: 25 },
      goal: "under 200 ms",
      holds: true,
    });
    assert.deepEqual(lines.at(-1), {
      group: "start",
      name: "launch",
      value: 150,
      unit: "ms",
      against: { name: "floor", value: 25 },
      ratio: 6,
      goal: "under 200 ms",
      holds: true,
    });
  });

  it("have no ratio without a comparison", () => {
    report({ name: "launch", value: 1, unit: "ms", against: null, goal: "", holds: null });
    assert.deepEqual(lines.at(-1), {
      group: "start",
      name: "launch",
      value: 1,
      unit: "ms",
      against: null,
      ratio: null,
      goal: "",
      holds: null,
    });
  });

  it("are summed up by order, not by the order they came in", () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(percentile([4, 1, 3, 2], 95), 4);
    assert.equal(percentile([4, 1, 3, 2], 50), 2);
    assert.throws(() => median([]), RangeError);
  });
});
