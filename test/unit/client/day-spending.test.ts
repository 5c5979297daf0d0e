import assert from "node:assert/strict";
import { DaySpending } from "../../../client/day-spending.ts";
import { MICROCENTS_PER_DOLLAR } from "../../../schemas/money.ts";
import type { DailyUsage } from "../../../schemas/run.ts";

const today = (dollars: number, unpriced_calls = 0): DailyUsage => ({
  tenant_id: "00000000-0000-4000-8000-000000000001",
  day: "2026-01-31",
  tokens: 0,
  cost_microcents: dollars * MICROCENTS_PER_DOLLAR,
  assumed_microcents: 0,
  api_calls: 1,
  unpriced_calls,
  by_agent: {},
});
const noon = "2026-01-31T12:00:00.000Z";

describe("what was spent today", () => {
  it("is the sum that was read and the calls since, over all folders", () => {
    const spending = new DaySpending();
    spending.read("a", today(1));
    spending.read("b", today(2));
    assert.ok(spending.add("a", { at: noon, cost: 0.5 }));
    assert.equal(spending.total(), 3.5);
  });

  it("is not whole once the price of a call is unknown", () => {
    const spending = new DaySpending();
    spending.read("a", today(1));
    assert.ok(spending.isWhole());
    spending.add("a", { at: noon, cost: null });
    assert.ok(!spending.isWhole());
  });

  it("starts again with the next day, whose sum has to be read", () => {
    const spending = new DaySpending();
    spending.read("a", today(1));
    const after = "2026-02-01T00:00:01.000Z";
    assert.ok(!spending.add("a", { at: after, cost: 0.5 }));
    spending.expect("a", after);
    assert.equal(spending.total(), 0);
    assert.ok(spending.add("a", { at: after, cost: 0.25 }));
    assert.equal(spending.total(), 0.25);
  });
});
