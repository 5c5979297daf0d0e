// The suites of `npm test`, in the order they run: quick answers first.
import { existsSync } from "node:fs";

/** A command whose exit code is the result. */
const command = (name, program, ...args) => ({ name, program, args, mocha: false });

/** A folder of mocha tests; `timeout` is per test, in milliseconds. */
const mocha = (name, folder, timeout) => ({
  name,
  program: "mocha",
  args: [
    `${folder}/**/*.test.ts`,
    "--timeout",
    String(timeout),
    "--reporter",
    "scripts/mocha-reporter.mjs",
    "--exit",
  ],
  mocha: true,
  folder,
});

export const suites = [
  command("lint", "eslint", "--max-warnings", "0", "."),
  command("format", "prettier", "--check", "--log-level", "warn", "."),
  command("types", "tsc", "-p", "."),
  mocha("unit", "test/unit", 10_000),
  mocha("security", "test/security", 60_000),
  mocha("integration", "test/integration", 120_000),
  mocha("editor", "test/editor", 180_000),
].filter(({ folder }) => folder === undefined || existsSync(folder));
