import assert from "node:assert/strict";
import { causeOf } from "../../../server/teams/gates/cause.ts";
import { featureLinesOf } from "../../../server/teams/gates/starters.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { testReport } from "../../support/reports.ts";

const crashed = (output: string, exit_code: number | null = 1): TestReport =>
  testReport({ runner: "mocha", outcome: "crashed", exit_code, output });

describe("why a runner ended without a report", () => {
  it("is the error that Node printed first, and the configuration that the change brings", () => {
    const output =
      "node:internal\n\nError: Cannot find module './ready.cjs'\nRequire stack:\n- x\n  code: 1\nError: later";
    assert.equal(
      causeOf(crashed(output), new Map([[".mocharc.json", "hash"]])),
      "The test runner ended without a report: Error: Cannot find module './ready.cjs'. It loads .mocharc.json first, which the change touches.",
    );
  });

  it("is the error that Python printed last", () => {
    const output = [
      "Traceback (most recent call last):",
      '  File "a.py", line 1, in <module>',
      "KeyError: 'first'",
      "",
      "ImportError: Error importing plugin \"chosen\": No module named 'chosen'",
    ].join("\n");
    assert.equal(
      causeOf(crashed(output), new Map()),
      "The test runner ended without a report: ImportError: Error importing plugin \"chosen\": No module named 'chosen'.",
    );
  });

  it("is the exit code where it printed none", () => {
    assert.equal(
      causeOf(crashed("", 0), new Map([["src/a.js", "hash"]])),
      "The test runner ended without a report, with exit code 0.",
    );
  });
});

describe("conditions about what a machine has", () => {
  for (const line of [
    'if hasattr(itertools, "batched"):',
    "    if not hasattr(os, 'fork'):",
    "if sys.version_info >= (3, 12):",
    'if (typeof Array.prototype.at !== "function") {',
    'if (process.platform === "win32") {',
  ])
    it(`are left alone: ${line}`, () => {
      assert.deepEqual(featureLinesOf(`first\n${line}\nlast`), [{ from: 2, to: 2 }]);
    });

  for (const line of [
    "if count > 3:",
    `if${" ".repeat(50_000)}count`,
    'return hasattr(x, "y")',
    'if hasattr(sys, "_called_from_test"):',
    'if (typeof IN_TRIAL !== "undefined") {',
    'const a = typeof x === "function" ? 1 : 2;',
  ])
    it(`are no other lines: ${line.slice(0, 80)}`, () => {
      assert.deepEqual(featureLinesOf(line), []);
    });
});
