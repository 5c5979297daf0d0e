import assert from "node:assert/strict";
import { byNames } from "../../../schemas/test-layout.ts";
import { underAnotherName } from "../../../server/teams/gates/renamed.ts";
import { testReport } from "../../support/reports.ts";

const file = "test/retry.test.js";
const old = 'it("caps", () => {\n  assert.equal(attempts(9), 3);\n});\n';

/** The tests that have another name in this text. The test `caps at five` is proven. */
const renamedIn = async (
  text: string,
  proven = [`${file} > caps at five`],
  present: string[] = [],
): Promise<string[]> => {
  const renamed = await underAnotherName(
    {
      ground: { prepare: () => Promise.resolve(), runTests: () => Promise.resolve(testReport({})) },
      ...{ layout: byNames, changes: [], wholeChange: null, before: new Map() },
      after: new Map([[file, "1"]]),
      ...{ provenRed: null, provenTests: { proven, found: [] } },
      ...{ heldBack: { changes: [], proven: [] }, findings: [] },
      ...{ allowTestChanges: false, mutantsThreshold: 0.8, equivalents: new Map(), mayRemoveTests: false },
      budgetMs: 60_000,
      baseline: () => Promise.resolve(testReport({})),
      part: () => null,
      readText: () => Promise.resolve(text),
      readBase: () => Promise.resolve(old),
      exists: () => Promise.resolve(true),
      now: () => "2026-01-31T12:00:00.000Z",
      signal: AbortSignal.timeout(60_000),
    },
    [`${file} > caps`],
    new Set(present),
  );
  return [...renamed];
};

describe("a test that is gone", () => {
  it("has another name if a proven test differs from it only in values", async () => {
    const text = old.replace('"caps"', '"caps at five"').replace("3)", "5)");
    assert.deepEqual(await renamedIn(text), [`${file} > caps`]);
    assert.deepEqual(await renamedIn(text, []), [], "a test that is not proven");
    const there = [`${file} > caps at five`];
    assert.deepEqual(await renamedIn(text, there, there), [], "a test that was there before");
  });

  it("is gone if the proven test asks for something else, or in another way", async () => {
    for (const check of ["assert.ok(attempts(9) > 0);", "assert.equal(other(9), 5);"])
      assert.deepEqual(await renamedIn(`it("caps at five", () => {\n  ${check}\n});\n`), [], check);
  });
});
