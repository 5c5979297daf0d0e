import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { proofMarkdown } from "../../../../server/surfaces/cli/display/proof-report.ts";

const reported = (evidence: string): string =>
  proofMarkdown(
    [
      {
        gate: "red",
        held: false,
        reason: "1 new test fails with an error.",
        command: null,
        runner: null,
        exit_code: null,
        counts: null,
        coverage: null,
        evidence: [evidence],
        duration_ms: 1,
        proved_at: "2026-01-01T00:00:00.000Z",
      },
    ],
    "0123456789abcdef",
    ["a.py"],
  );

describe("the report of a proof", () => {
  it("shows pytest's error although the text of the test before it is long", () => {
    const test = `    def test_total():\n${"        add(1)\n".repeat(100)}`;
    const text = reported(`test_a.py > test_total\n${test}E       NameError: add\n\ntest_a.py:2: NameError`);
    assert.match(text, /```\ntest_a\.py > test_total\nE {7}NameError: add\n```/);
  });

  it("shows the beginning of another long text", () => {
    const text = reported(
      `a.test.js > adds\nAssertionError: 1 !== 2\n${"    at add (a.js:1:1)\n".repeat(100)}`,
    );
    assert.match(text, /a\.test\.js > adds\nAssertionError: 1 !== 2\n {4}at add/);
    assert.ok(text.length < 1200);
  });
});
