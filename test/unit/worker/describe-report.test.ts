import assert from "node:assert/strict";
import type { TestReport } from "../../../schemas/tests.ts";
import { describeReport } from "../../../server/worker/tools/run-tests.ts";
import { testReport } from "../../support/reports.ts";

const failed = (name: string, message: string): TestReport["tests"][number] => ({
  file: "test/a.test.js",
  name,
  status: "failed",
  duration_ms: 1,
  message,
});

describe("a test run as a model is told it", () => {
  const report = testReport({
    outcome: "failed",
    exit_code: 1,
    counts: { passed: 0, failed: 2, skipped: 0 },
    tests: [failed("old", "long story"), failed("new", "<Cart object at 0x7f3a2b1c9d40> is empty")],
  });

  it("names what broke first, and what failed before the run without its message", () => {
    const told = describeReport(report, new Set(["test/a.test.js > old"]));
    assert.match(
      told,
      /> new\n<Cart object at 0x…> is empty\n\n✗ [^\n]*> old\n\[failed before the run already\]$/,
    );
  });
});
