// `npm test`: everything that has to hold, each suite in a process of its own, one sum at the end.
// `npm test -- unit types` runs only those; `npm test -- --quick` what answers soon.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { duration } from "./duration.mjs";
import { provideMachine } from "./machine.mjs";
import { groups, suites } from "./suites.mjs";

const parsed = process.argv.slice(2).flatMap((word) => groups[word] ?? [word]);
const unknown = parsed.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  const known = suites.map(({ name }) => name).join(", ");
  console.error(`There is no suite ${unknown.join(", ")}. Choose from ${known}, integration, or --quick.`);
  process.exit(2);
}
const chosen = suites.filter(({ name }) => parsed.length === 0 || parsed.includes(name));

const started = Date.now();
const folder = mkdtempSync(join(tmpdir(), "coditect-counts-"));
const running = new Set();

/** Runs a command; each line it writes is shown after the name of its suite. Resolves with its exit code. */
const execute = ({ name, program, args }, file) => {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
    env: {
      ...process.env,
      // What the tests allow and stamp is not the user's: their own folder is left alone.
      XDG_CONFIG_HOME: `${file}-config`,
      // Tests start programs from the sources hundreds of times; each would compile all of them.
      NODE_COMPILE_CACHE: join(folder, "compiled"),
      // The script that started this one has already built the product.
      CODITECT_TEST_BUILT: "1",
      COUNTS_FILE: file,
      ...(process.stdout.isTTY && { MOCHA_COLORS: "1" }),
    },
  });
  running.add(child);
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on("line", (line) => {
      console.log(`${name.padEnd(11)} │ ${line}`);
    });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.log(`${name} could not be started: ${error.message}`);
      resolve(-1);
    });
    child.once("close", (code) => {
      running.delete(child);
      resolve(code ?? -1);
    });
  });
};

const readCounts = (file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failures: [], skipped: [] };
  }
};

/** The lines of an error that are shown again below the summary. */
const ERROR_LINES = 20;

const sign = (failed) => (failed === 0 ? "✔" : "✖");

/** Runs a suite; a crash or an error outside of any test counts as one failure more. */
const run = async (suite) => {
  console.log(`\n── ${suite.name} starts, ${duration(Date.now() - started)} after the beginning`);
  const began = Date.now();
  const file = join(folder, suite.name);
  const status = await execute(suite, file);
  const counts = suite.mocha ? readCounts(file) : { passed: status === 0 ? 1 : 0, failures: [], skipped: [] };
  if (status !== 0 && counts.failures.length === 0)
    counts.failures.push({
      title: suite.name,
      error: `It ended with exit code ${status}; its output is above.`,
    });
  const { passed, failures, skipped } = counts;
  const failed = failures.length;
  const took = duration(Date.now() - began);
  const line = `${sign(failed)} ${suite.name.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped.length} skipped, ${took}`;
  console.log(`\n── ${line}`);
  return { ...counts, line };
};

const { problems, ready, release } = provideMachine(chosen);

/** Stops what was started for the tests and removes their folder. */
const cleanUp = async () => {
  await release();
  rmSync(folder, { recursive: true, force: true });
};

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, async () => {
    interrupted = true;
    for (const child of running) child.kill(signal);
    await cleanUp();
    process.exit(130);
  });

const results = [];

/** Runs the chosen suites, `lanes` at once. The next suite is the first one whose machine is ready. */
const runAll = async (lanes) => {
  const waiting = new Map(chosen.map((suite) => [suite, ready(suite).then(() => suite)]));
  const work = async () => {
    while (waiting.size > 0 && !interrupted) {
      const suite = await Promise.race(waiting.values());
      // Another lane may have started it in the meantime.
      if (waiting.delete(suite)) results.push(await run(suite));
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
};

// With more than two lanes, tests with deadlines would wait for each other.
await runAll(Math.min(availableParallelism(), 2));
// The signal's handler ends the process.
if (interrupted) await new Promise(() => undefined);
await cleanUp();

console.log(`\n── summary ${"─".repeat(69)}`);
for (const { line } of results) console.log(line);
if (problems.length > 0) console.log(`\nThis machine could not be made ready:\n${problems.join("\n")}`);

// Logs are often read from their end, or cut: what failed is repeated here.
const failures = results.flatMap((result) => result.failures);
if (failures.length > 0) console.log("\nFailed:");
for (const { title, error } of failures) {
  console.log(`  ${title}`);
  for (const line of error.split("\n").slice(0, ERROR_LINES)) console.log(`    ${line}`);
}

const skipped = results.flatMap((result) => result.skipped);
const byReason = Map.groupBy(skipped, ({ reason }) => reason);
if (byReason.size > 0) console.log("\nSkipped:");
for (const [reason, tests] of byReason) {
  console.log(`  ${reason} (${tests.length})`);
  for (const { title } of tests.slice(0, 5)) console.log(`    ${title}`);
  if (tests.length > 5) console.log(`    … and ${tests.length - 5} more`);
}

const sum = (of) => results.reduce((total, result) => total + of(result), 0);
const strict = process.env.CI === "true" && skipped.length > 0;
if (strict) console.log("\nWith CI=true a skipped test is a failure.");
console.log(`\nIt took ${duration(Date.now() - started)}.`);
console.log(`${sum((result) => result.passed)} passed, ${failures.length} failed, ${skipped.length} skipped`);
process.exitCode = failures.length > 0 || strict ? 1 : 0;
