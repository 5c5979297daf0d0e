import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { as, testDispatch } from "../../support/dispatch.ts";
import { NOW } from "../../support/records.ts";

const TODAY = NOW.slice(0, 10);
const dayFromToday = (days: number): string =>
  new Date(Date.parse(TODAY) + days * 86_400_000).toISOString().slice(0, 10);

describe("the span of metrics", () => {
  const { dispatch } = testDispatch(tmpdir());
  const spanOf = async (asked: { since?: string; until?: string }) => {
    const { since, until } = await dispatch("metrics/get", asked, as("viewer"), AbortSignal.timeout(5000));
    return [since, until];
  };

  it("is the last 30 days, or the 30 days before its end", async () => {
    assert.deepEqual(await spanOf({}), [dayFromToday(-30), TODAY]);
    assert.deepEqual(await spanOf({ until: "2025-03-01" }), ["2025-01-30", "2025-03-01"]);
    assert.deepEqual(await spanOf({ until: "0000-01-15" }), ["0000-01-01", "0000-01-15"]);
    assert.deepEqual(await spanOf({ since: "0000-01-01", until: "9999-12-31" }), [
      "0000-01-01",
      "9999-12-31",
    ]);
  });

  it("can begin on a day that has begun only east of Greenwich", async () => {
    assert.deepEqual(await spanOf({ since: dayFromToday(1) }), [dayFromToday(1), dayFromToday(1)]);
  });

  for (const [what, asked, problem] of [
    ["begins in the future", { since: "2099-01-01" }, `2099-01-01, after its end: today, ${TODAY} (UTC)`],
    ["ends before it begins", { since: "2026-02-02", until: "2026-02-01" }, "after its end: 2026-02-01"],
    ["begins on no day", { since: "2026-02-30" }, "since: must be a date, such as 2026-01-31"],
  ] as const)
    it(`is refused in words if it ${what}`, async () => {
      for (const method of ["metrics/get", "metrics/report"] as const)
        await assert.rejects(dispatch(method, asked, as("viewer"), AbortSignal.timeout(5000)), {
          code: "invalid_params",
          message: new RegExp(problem.replaceAll(/[()]/g, "\\$&")),
        });
    });
});
