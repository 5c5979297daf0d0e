// The suites of `npm test`. Those of one lane run one after the other, lanes in parallel: much
// of what tests with real processes do is waiting. What drives a real editor runs when all else is done.
import { existsSync } from "node:fs";

/** A command whose exit code is the result. */
const command = (name, lane, program, ...args) => ({ name, lane, program, args, mocha: false });

/** Mocha tests; `timeout` is per test, in milliseconds. */
const mocha = (name, lane, folders, timeout, ...more) => ({
  name,
  lane,
  program: "mocha",
  args: [
    ...folders.map((folder) => `${folder}/**/*.test.ts`),
    ...["--timeout", String(timeout)],
    ...["--require", "scripts/mocha-hooks.mjs"],
    ...["--reporter", "scripts/mocha-reporter.mjs"],
    "--exit",
    ...more,
  ],
  mocha: true,
  folders,
});

const instances = ["test/integration/instances"];
/** Tests with real processes, without those of instances, in two suites of about the same time as the lanes. */
const workers = ["evaluation", "feedback", "hooks", "store", "telemetry", "tools", "worker", "workspace"].map(
  (name) => `test/integration/${name}`,
);
const ignored = [...instances, ...workers].flatMap((folder) => ["--ignore", `${folder}/**`]);

export const suites = [
  command("lint", "quick", "eslint", "--max-warnings", "0", "."),
  command("format", "quick", "prettier", "--check", "--log-level", "warn", "."),
  command("types", "quick", "tsc", "-p", "."),
  mocha("unit", "quick", ["test/unit"], 10_000),
  mocha("security", "quick", ["test/security"], 60_000),
  mocha("instances", "quick", instances, 240_000),
  mocha("workers", "quick", workers, 240_000),
  mocha("integration", "real", ["test/integration"], 240_000, ...ignored),
  mocha("editor", "editor", ["test/editor"], 180_000),
].filter(({ folders = [] }) => folders.every((folder) => existsSync(folder)));

/** Lanes that run in parallel; each group starts when the one before has ended. */
export const groups = [["quick", "real"], ["editor"]];

/** What `npm test -- --quick` runs: what answers within a minute or two. */
export const quick = ["lint", "types", "unit"];
