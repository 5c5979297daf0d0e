import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { testCache } from "./code-server.ts";
import { runNpm } from "./npm.ts";

/** Test runners of other projects, each run for real; too large together to install with every clone. */
const packages = {
  ava: "7.0.0",
  bun: "1.4.5",
  deno: "2.9.6",
  jasmine: "7.0.0",
  "jasmine-core": "7.0.2",
  karma: "6.4.4",
  "karma-chrome-launcher": "3.2.0",
  "karma-jasmine": "5.1.0",
  tap: "21.8.0",
  uvu: "0.5.6",
};

const folder = join(testCache, "test-runners-2");

/** The `node_modules` that has them; null: they are not installed. */
export const testRunners = (): string | null => {
  const modules = join(folder, "node_modules");
  return existsSync(modules) ? modules : null;
};

/** Installs them in the test cache, unless they are there; the folder comes to its place whole. */
export const installTestRunners = async (): Promise<void> => {
  if (testRunners() !== null) return;
  await mkdir(dirname(folder), { recursive: true });
  const partial = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    await writeFile(join(partial, "package.json"), JSON.stringify({ private: true, dependencies: packages }));
    await runNpm("Installing test runners for the integration tests, once: 400 MB", partial, "install");
    await rename(partial, folder).catch((error: unknown) => {
      // Another run of the tests was faster.
      if (testRunners() === null) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};
