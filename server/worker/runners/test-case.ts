import type { TestCase } from "../../../schemas/tests.ts";

/** A test of a report, with our name and file for it. */
export const testCase = (
  { status, duration_ms, message, failure }: Omit<TestCase, "name" | "file">,
  name: string,
  file: string,
): TestCase => ({
  file,
  name,
  status,
  duration_ms,
  message,
  ...(failure !== undefined && { failure }),
});
