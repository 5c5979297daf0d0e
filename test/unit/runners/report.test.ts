import assert from "node:assert/strict";
import type { TestOutcome, TestReport } from "../../../schemas/tests.ts";
import { mergeReports } from "../../../server/worker/runners/merge-reports.ts";
import { namePattern } from "../../../server/worker/runners/names.ts";
import { outcomeOf } from "../../../server/worker/runners/report.ts";
import { splitArguments } from "../../../server/workspace/test-script.ts";

const counts = (passed: number, failed: number) => ({ passed, failed, skipped: 0 });

describe("outcomeOf", () => {
  const ended = { timed_out: false, exit_code: 0 };
  const rows: [TestOutcome, Parameters<typeof outcomeOf>][] = [
    ["passed", [ended, true, counts(1, 0), 0]],
    ["failed", [{ ...ended, exit_code: 1 }, true, counts(1, 1), 0]],
    ["failed", [{ ...ended, exit_code: 1 }, true, counts(1, 0), 0]],
    ["load_error", [{ ...ended, exit_code: 1 }, true, counts(1, 1), 1]],
    ["load_error", [{ ...ended, exit_code: 1 }, false, counts(0, 0), 1]],
    ["no_tests", [ended, true, counts(0, 0), 0]],
    ["crashed", [{ ...ended, exit_code: 1 }, false, counts(5, 0), 0]],
    ["timed_out", [{ timed_out: true, exit_code: null }, false, counts(5, 0), 0]],
    ["passed", [{ timed_out: true, exit_code: null }, true, counts(5, 0), 0]],
  ];
  for (const [outcome, given] of rows) {
    it(`is ${outcome} for ${JSON.stringify(given)}`, () => {
      assert.equal(outcomeOf(...given), outcome);
    });
  }
});

describe("mergeReports", () => {
  const report = (outcome: TestOutcome, more: Partial<TestReport> = {}): TestReport => ({
    runner: "vitest",
    command: [outcome],
    outcome,
    exit_code: outcome === "passed" ? 0 : 1,
    counts: counts(1, 0),
    tests: [{ file: outcome, name: "x", status: "passed", duration_ms: null, message: null }],
    load_errors: [],
    errors: [],
    parts: [],
    coverage: null,
    duration_ms: 5,
    output: outcome,
    ...more,
  });

  it("has every test and the worst outcome", () => {
    const merged = mergeReports([report("passed"), report("failed"), report("no_tests")]);
    assert.deepEqual([merged.outcome, merged.exit_code, merged.command], ["failed", 1, ["failed"]]);
    assert.equal(merged.tests.length, 3);
    assert.deepEqual(merged.counts, counts(3, 0));
    assert.equal(merged.duration_ms, 15);
  });

  it("does not mind a package without tests beside one with", () => {
    assert.equal(mergeReports([report("no_tests"), report("passed")]).outcome, "passed");
  });

  it("adds up coverage where there is any", () => {
    const one = { covered: 1, total: 2, files: { a: { covered: 1, total: 2 } } };
    const merged = mergeReports([
      report("passed", { coverage: one }),
      report("passed"),
      report("passed", { coverage: { covered: 3, total: 3, files: { b: { covered: 3, total: 3 } } } }),
    ]);
    assert.deepEqual(merged.coverage, {
      covered: 4,
      total: 5,
      files: { ...one.files, b: { covered: 3, total: 3 } },
    });
  });
});

describe("splitArguments", () => {
  it("keeps the project's flags with their values, and tells them from patterns", () => {
    const rules = { valued: new Set(["--require", "--reporter"]), dropped: /^--(reporter|watch)$/ };
    const args = ["--require", "x", "a/**", "--reporter", "dot", "--watch", "--timeout=5", "--", "b"];
    assert.deepEqual(splitArguments(args, rules), {
      flags: ["--require", "x", "--timeout=5"],
      patterns: ["a/**", "b"],
    });
  });
});

describe("namePattern", () => {
  it("matches the name alone, however a runner joins it", () => {
    const pattern = new RegExp(namePattern("a > b (c+d) [e] $f"));
    assert.ok(pattern.test("x a b (c+d) [e] $f y"));
    assert.ok(pattern.test("a > b (c+d) [e] $f"));
    assert.ok(!pattern.test("a b ccd e f"));
  });
});
