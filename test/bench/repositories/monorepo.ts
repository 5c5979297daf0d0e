import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runGit } from "../../support/git.ts";

/** `CODITECT_BENCH_PACKAGES` reduces them for a machine that would take too long to run all of them. */
export const PACKAGES = Math.max(1, Number(process.env.CODITECT_BENCH_PACKAGES ?? "50") || 50);
const FILES = 1;
const TESTS_PER_FILE = 100;
export const TESTS = PACKAGES * FILES * TESTS_PER_FILE;

/** What the root's own script hands to `node --test`: no run of single files has it. */
export const SUITE = "packages/*/test/*.test.js";

const nameOf = (index: number): string => `part-${String(index).padStart(2, "0")}`;

/** The file that the benchmark's run is about, and the tests it writes. */
export const changed = {
  source: `packages/${nameOf(PACKAGES - 1)}/src/index.js`,
  tests: `packages/${nameOf(PACKAGES - 1)}/test/halves.test.js`,
};

const sourceOf = (index: number): string => {
  const below = index === 0 ? null : nameOf(index - 1);
  return [
    ...(below === null ? [] : [`import { depth as below } from "../../${below}/src/index.js";`, ""]),
    `export const depth = ${below === null ? "0" : "below + 1"};`,
    "export const add = (one, other) => one + other;",
    "export const scale = (value, factor) => value * factor;",
    "",
  ].join("\n");
};

const testsOf = (index: number, file: number): string => {
  const lines = Array.from({ length: TESTS_PER_FILE }, (_, test) =>
    test % 2 === 0
      ? `  it("adds ${test} to ${file}", () => assert.equal(add(${test}, ${file}), ${test + file}));`
      : `  it("scales ${test} by ${file}", () => assert.equal(scale(${test}, ${file}), ${test * file}));`,
  );
  return [
    'import assert from "node:assert/strict";',
    'import { describe, it } from "node:test";',
    'import { add, scale } from "../src/index.js";',
    "",
    `describe("${nameOf(index)}, part ${file}", () => {`,
    ...lines,
    "});",
    "",
  ].join("\n");
};

const write = (root: string, path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

/** An npm workspace of packages that import one another in a row, each with tests of node:test, committed. */
export const writeMonorepo = async (root: string): Promise<void> => {
  const manifest = { name: "parts", private: true, type: "module", workspaces: ["packages/*"] };
  const scripts = { test: `node --test "${SUITE}"` };
  write(root, "package.json", JSON.stringify({ ...manifest, scripts }, null, 2));
  for (let index = 0; index < PACKAGES; index += 1) {
    const folder = `packages/${nameOf(index)}`;
    const own = {
      name: `@parts/${nameOf(index)}`,
      version: "1.0.0",
      type: "module",
      exports: "./src/index.js",
    };
    write(
      root,
      `${folder}/package.json`,
      JSON.stringify({ ...own, scripts: { test: "node --test" } }, null, 2),
    );
    write(root, `${folder}/src/index.js`, sourceOf(index));
    for (let file = 1; file <= FILES; file += 1)
      write(root, `${folder}/test/part-${file}.test.js`, testsOf(index, file));
  }
  await runGit(root, "init", "-q");
  await runGit(root, "add", ".");
  await runGit(root, "commit", "-qm", "parts");
};
