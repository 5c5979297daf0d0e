import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestRunner } from "../../../schemas/tests.ts";
import { bun, ctest, deno, gradle, maven, phpunit } from "./by-junit.ts";
import { cargo } from "./cargo.ts";
import { command } from "./command.ts";
import { go } from "./go.ts";
import { jasmine } from "./jasmine.ts";
import { jest } from "./jest.ts";
import { mocha } from "./mocha.ts";
import { nodeTest } from "./node-test.ts";
import { playwright } from "./playwright.ts";
import { pytest } from "./pytest.ts";
import { minitest, rspec } from "./ruby.ts";
import type { RunnerAdapter } from "./runner.ts";
import { ava, tap } from "./tap.ts";
import { dotnet } from "./trx.ts";
import { vitest } from "./vitest.ts";

/** How each runner is started and its report read. */
export const adapters: Record<TestRunner, RunnerAdapter> = {
  vitest,
  jest,
  mocha,
  "node:test": nodeTest,
  ava,
  jasmine,
  tap,
  playwright,
  bun,
  deno,
  pytest,
  go,
  cargo,
  maven,
  gradle,
  dotnet,
  phpunit,
  rspec,
  minitest,
  ctest,
  command,
};

/** Puts reporters of ours into the report's folder. */
export const writeReporters = async (
  reportFolder: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> => {
  await mkdir(reportFolder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(reportFolder, name), text);
};
