import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

/** Folders of the cache, each with its packages and their size. A new runner has a folder of its own. */
const folders = {
  "test-runners-2": { packages, size: "400 MB" },
  "test-runners-tape-1": { packages: { tape: "5.10.2" }, size: "5 MB" },
};
type Folder = keyof typeof folders;

/** The `node_modules` that has them; null: they are not installed. */
export const testRunners = (name: Folder = "test-runners-2"): string | null => {
  const modules = join(testCache, name, "node_modules");
  return existsSync(modules) ? modules : null;
};

/** Installs them in the test cache, unless they are there; each folder comes to its place whole. */
export const installTestRunners = async (): Promise<void> => {
  await installIn("test-runners-2");
  await installIn("test-runners-tape-1");
};

const installIn = async (name: Folder): Promise<void> => {
  if (testRunners(name) !== null) return;
  const { packages: dependencies, size } = folders[name];
  await mkdir(testCache, { recursive: true });
  const partial = await mkdtemp(join(testCache, `.${name}-`));
  try {
    await writeFile(join(partial, "package.json"), JSON.stringify({ private: true, dependencies }));
    await runNpm(`Installing test runners for the integration tests, once: ${size}`, partial, "install");
    await rename(partial, join(testCache, name)).catch((error: unknown) => {
      // Another run of the tests was faster.
      if (testRunners(name) === null) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};
