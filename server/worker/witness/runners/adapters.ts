import type { TestRunner } from "../../../../schemas/tests.ts";
import { jest } from "./jest.ts";
import { mocha } from "./mocha.ts";
import { nodeTest } from "./node-test.ts";
import { pytest } from "./pytest.ts";
import type { RunnerAdapter } from "./runner.ts";
import { vitest } from "./vitest.ts";

/** Runners that a witness can watch. */
export const watched: Partial<Record<TestRunner, RunnerAdapter>> = {
  vitest,
  jest,
  mocha,
  "node:test": nodeTest,
  pytest,
};

/** Runners whose reporter, one of ours, runs in the process of the tests. */
export const reportsInside: ReadonlySet<TestRunner> = new Set(["mocha", "jest"]);
