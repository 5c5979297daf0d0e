import type { TestReport } from "../../schemas/tests.ts";

/** A report of an empty test run with these fields. */
export const testReport = (fields: Partial<TestReport>): TestReport => ({
  runner: "node:test",
  command: [],
  outcome: "passed",
  exit_code: 0,
  counts: { passed: 0, failed: 0, skipped: 0 },
  tests: [],
  load_errors: [],
  errors: [],
  parts: [],
  coverage: null,
  duration_ms: 1,
  output: "",
  ...fields,
});
