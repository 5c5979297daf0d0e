import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestRunner } from "../../../schemas/tests.ts";
import { ava } from "./ava.ts";
import { bun, deno, gradle, maven, phpunit } from "./by-junit.ts";
import { cargo, nextest } from "./cargo.ts";
import { command } from "./command.ts";
import { ctest } from "./ctest.ts";
import { cypress } from "./cypress.ts";
import { go } from "./go.ts";
import { jasmine } from "./jasmine.ts";
import { jest } from "./jest.ts";
import { karma } from "./karma.ts";
import { mocha } from "./mocha.ts";
import { nodeTest } from "./node-test.ts";
import { playwright } from "./playwright.ts";
import { pytest } from "./pytest.ts";
import { minitest, rspec } from "./ruby.ts";
import type { RunnerAdapter } from "./runner.ts";
import { tap } from "./tap.ts";
import { tape } from "./tape.ts";
import { dotnet } from "./trx.ts";
import { unittest } from "./unittest.ts";
import { uvu } from "./uvu.ts";
import { vitest } from "./vitest.ts";

/** How to start each runner and read its report. */
export const adapters: Record<TestRunner, RunnerAdapter> = {
  vitest,
  jest,
  mocha,
  "node:test": nodeTest,
  ava,
  jasmine,
  tap,
  tape,
  uvu,
  karma,
  playwright,
  cypress,
  bun,
  deno,
  pytest,
  unittest,
  go,
  cargo,
  nextest,
  maven,
  gradle,
  dotnet,
  phpunit,
  rspec,
  minitest,
  ctest,
  // The user names its report.
  report: command,
  command,
};

/** Puts our reporters into the report's folder. */
export const writeReporters = async (
  reportFolder: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> => {
  await mkdir(reportFolder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const path = join(reportFolder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
};
