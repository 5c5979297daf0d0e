import assert from "node:assert/strict";
import { compareTestTimes } from "../../../server/teams/stage/test-times.ts";
import type { TestCase } from "../../../schemas/tests.ts";
import { testReport } from "../../support/reports.ts";

const test = (name: string, duration_ms: number | null, more: Partial<TestCase> = {}): TestCase => ({
  ...{ file: "test/a.test.js", name, status: "passed", duration_ms, message: null },
  ...more,
});

const report = (...tests: TestCase[]) => testReport({ tests });

describe("the time of the project's own tests", () => {
  it("compares only tests that passed in both runs", () => {
    const before = report(test("kept", 10), test("removed", 500), test("broken", 70));
    const after = report(test("kept", 30), test("new", 900), test("broken", 1, { status: "failed" }));
    assert.deepEqual(compareTestTimes(before, after), { before: 10, after: 30 });
  });

  it("adds up several tests of one name", () => {
    const twice = report(test("each", 10), test("each", 15));
    assert.deepEqual(compareTestTimes(twice, report(test("each", 5), test("each", 6))), {
      before: 25,
      after: 11,
    });
  });

  it("is unknown where the runner does not say it, or no test is in both", () => {
    assert.equal(compareTestTimes(report(test("a", null)), report(test("a", null))), null);
    assert.equal(compareTestTimes(report(test("a", 1)), report(test("b", 1))), null);
  });
});
