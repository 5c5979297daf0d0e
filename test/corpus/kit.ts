export type Files = Record<string, string | null>;

/** A change somebody hands in: what was there, the tests that come with it, the code. */
export interface Submission {
  name: string;
  base: Files;
  tests: Files;
  code: Files;
}

/** A test in neutral words: each check is an expression and what it must be, or a statement. */
export interface NeutralTest {
  name: string;
  checks: (readonly [actual: string, expected: string] | string)[];
  /** Before its name: `.skip`, `.only`. */
  mark?: string;
  isAsync?: boolean;
}

/** How one runner of JavaScript writes modules and tests. */
export interface Kit {
  runner: "node:test" | "mocha" | "jest" | "vitest";
  base: Files;
  test: string;
  source: string;
  module: (body: string, names: readonly string[], head?: string) => string;
  suite: (names: readonly string[], tests: readonly NeutralTest[], head?: string) => string;
}

const esm = (body: string, names: readonly string[], head = ""): string =>
  `${head}${body}\nexport { ${names.join(", ")} };\n`;
const cjs = (body: string, names: readonly string[], head = ""): string =>
  `${head}${body}\nmodule.exports = { ${names.join(", ")} };\n`;

const bodyOf = (tests: readonly NeutralTest[], equal: (actual: string, expected: string) => string): string =>
  tests
    .map(({ name, checks, mark = "", isAsync = false }) => {
      const lines = checks.map((check) => (typeof check === "string" ? check : equal(check[0], check[1])));
      return `it${mark}(${JSON.stringify(name)}, ${isAsync ? "async " : ""}() => {\n  ${lines.join("\n  ")}\n});\n`;
    })
    .join("");

const byAssert = (actual: string, expected: string) => `assert.deepEqual(${actual}, ${expected});`;
const byExpect = (actual: string, expected: string) => `expect(${actual}).toEqual(${expected});`;

const manifest = (script: string, type = "module"): string =>
  JSON.stringify({ name: "subject", type, scripts: { test: script } });

export const kits: readonly Kit[] = [
  {
    runner: "node:test",
    base: { "package.json": manifest("node --test") },
    test: "test/text.test.js",
    source: "src/text.js",
    module: esm,
    suite: (_, tests, head = "") =>
      `import assert from "node:assert/strict";\nimport { it } from "node:test";\nimport * as text from "../src/text.js";\n${head}\n${bodyOf(tests, byAssert)}`,
  },
  {
    runner: "mocha",
    base: { "package.json": manifest("mocha test") },
    test: "test/text.test.js",
    source: "src/text.js",
    module: esm,
    suite: (_, tests, head = "") =>
      `import assert from "node:assert/strict";\nimport * as text from "../src/text.js";\n${head}\n${bodyOf(tests, byAssert)}`,
  },
  {
    runner: "jest",
    base: { "package.json": manifest("jest", "commonjs") },
    test: "test/text.test.js",
    source: "src/text.js",
    module: cjs,
    suite: (_, tests, head = "") =>
      `const text = require("../src/text.js");\n${head}\n${bodyOf(tests, byExpect)}`,
  },
  {
    runner: "vitest",
    base: { "package.json": manifest("vitest run") },
    test: "test/text.test.js",
    source: "src/text.js",
    module: esm,
    suite: (_, tests, head = "") =>
      `import { expect, it, vi } from "vitest";\nimport * as text from "../src/text.js";\n${head}\n${bodyOf(tests, byExpect)}`,
  },
];
