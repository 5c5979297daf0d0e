import { readFileSync } from "node:fs";
import type { TestRunner } from "../../../schemas/tests.ts";

/** Signs in a test file that show which runner it is written for. */
const signs: readonly [TestRunner, RegExp][] = [
  ["vitest", /["']vitest["']/],
  ["jest", /["']@jest\/globals["']/],
  ["mocha", /["']mocha["']/],
  ["node:test", /["']node:test["']/],
  ["ava", /["']ava["']/],
  ["uvu", /["']uvu["']/],
  ["tap", /["']tap["']/],
  ["tape", /["']tape["']/],
  ["bun", /["']bun:test["']/],
  ["playwright", /["']@playwright\/(test|experimental-ct-[\w-]+)["']/],
];

/** The runner that a test file (absolute path) imports or is named after; null if unknown. */
export const runnerOfFile = (path: string): TestRunner | null => {
  if (/\.cy\.[cm]?[jt]sx?$/.test(path)) return "cypress";
  try {
    const imports =
      readFileSync(path, "utf8").match(/\b(?:from|import|require)\b\s*\(?\s*["'][^"'\n]+["']/g) ?? [];
    return signs.find(([, sign]) => imports.some((words) => sign.test(words)))?.[0] ?? null;
  } catch {
    return null;
  }
};
