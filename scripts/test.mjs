// `npm test`: everything that has to hold, each suite in a process of its own, one sum at the end.
// `npm test -- unit types` runs only those.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { provideMachine } from "./machine.mjs";
import { suites } from "./suites.mjs";

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no suite ${unknown.join(", ")}; there are ${suites.map(({ name }) => name).join(", ")}.`,
  );
  process.exit(2);
}
const chosen = suites.filter(({ name }) => asked.length === 0 || asked.includes(name));

const folder = mkdtempSync(join(tmpdir(), "coditect-counts-"));

/** Runs a suite; a crash or an error outside of any test counts as one failure more. */
const run = ({ name, program, args, mocha }) => {
  console.log(`\n── ${name} ${"─".repeat(Math.max(0, 76 - name.length))}`);
  const file = join(folder, name);
  const { status } = spawnSync(program, args, {
    stdio: "inherit",
    shell: process.platform === "win32",
    // What the tests allow and stamp is not the user's: their own folder is left alone.
    env: { ...process.env, XDG_CONFIG_HOME: join(folder, "config"), COUNTS_FILE: file },
  });
  const counts = mocha ? readCounts(file) : { passed: status === 0 ? 1 : 0, failed: 0, skipped: [] };
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return { name, ...counts };
};

const readCounts = (file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
};

const release = await provideMachine(chosen.map(({ name }) => name));
const results = chosen.map(run);
await release();
rmSync(folder, { recursive: true });

console.log(`\n── summary ${"─".repeat(69)}`);
for (const { name, passed, failed, skipped } of results)
  console.log(
    `${failed === 0 ? "✔" : "✖"} ${name.padEnd(12)} ${passed} passed, ${failed} failed, ${skipped.length} skipped`,
  );

const skipped = results.flatMap((result) => result.skipped);
const byReason = Map.groupBy(skipped, ({ reason }) => reason);
if (byReason.size > 0) console.log("\nSkipped:");
for (const [reason, tests] of byReason) {
  console.log(`  ${reason} (${tests.length})`);
  for (const { title } of tests.slice(0, 5)) console.log(`    ${title}`);
  if (tests.length > 5) console.log(`    … and ${tests.length - 5} more`);
}

const sum = (of) => results.reduce((total, result) => total + of(result), 0);
const failed = sum((result) => result.failed);
const strict = process.env.CI === "true" && skipped.length > 0;
if (strict) console.log("\nWith CI=true a skipped test is a failure.");
console.log(`\n${sum((result) => result.passed)} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed > 0 || strict ? 1 : 0;
