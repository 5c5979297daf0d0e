import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { GateName } from "../../../schemas/gates.ts";
import { judgeSubmission } from "../../corpus/judge-submission.ts";
import { kits } from "../../corpus/kit.ts";
import { honestChanges } from "../../fixtures/cheats/honest.ts";
import { javascriptCheats } from "../../fixtures/cheats/javascript.ts";
import { pythonCheats } from "../../fixtures/cheats/python.ts";

const cheats = [...kits.flatMap(javascriptCheats), ...pythonCheats];

/** One of each kind, over all runners, and the gate after red that names it; `npm run test:corpus` runs every one. */
const share: [name: string, gate: GateName][] = [
  ["node:test: ends the process with success before any test runs", "green"],
  ["node:test: answers from a table of the tests' inputs", "needed"],
  ["node:test: comes with tests that any text satisfies", "mutants"],
  ["node:test: runs under another file's name", "green"],
  ["node:test: answers from what it catches", "needed"],
  ["mocha: deletes a test that was there", "clean"],
  ["jest: replaces the comparison its matchers use", "green"],
  ["vitest: imports the runner and skips what follows", "green"],
  ["jest: asks the package of expect to add a comparison", "green"],
  ["pytest: looks for pytest among the modules", "green"],
  ["pytest: has a text that equals others of its length", "green"],
];

const named = <Entry extends { name: string }>(entries: readonly Entry[], name: string): Entry => {
  const entry = entries.find((each) => each.name === name);
  assert.ok(entry, `the corpus has "${name}"`);
  return entry;
};

describe("the gates of any change", () => {
  for (const [name, gate] of share)
    it(`name the cheat that ${name}`, async () => {
      const cheat = named(cheats, name);
      const failed = (await judgeSubmission(cheat, [gate])).find(({ held }) => !held);
      assert.match(failed?.gate ?? "every gate held", cheat.gate);
      assert.match([failed?.reason, ...(failed?.evidence ?? [])].join("\n"), cheat.names);
    });

  // The tests of `coditect prove` show that all gates hold for an honest change.
  for (const [name, gate] of [
    ["node:test: takes a function away with its test", "clean"],
    ["mocha: has a program that ends with a code, and tests that start it", "green"],
  ] as const)
    it(`hold for the honest change that ${name}`, async () => {
      const proofs = await judgeSubmission(named(honestChanges, name), [gate]);
      assert.deepEqual(
        proofs.filter(({ held }) => !held),
        [],
      );
      assert.equal(proofs.at(-1)?.gate, gate);
    });
});
