import type { TestRunner } from "../../../schemas/tests.ts";
import { detectRunner } from "../runners/detect.ts";

/** Test runners that are a program of their own. */
const programs: ReadonlySet<TestRunner> = new Set(["vitest", "jest", "mocha", "pytest"]);

/** The program that tests the project: agents may run it in addition to what the policy allows. */
export const projectPrograms = (root: string): string[] => {
  const runner = detectRunner(root)?.runner;
  return runner !== undefined && programs.has(runner) ? [runner] : [];
};
