import assert from "node:assert/strict";
import { byNames } from "../../../schemas/test-layout.ts";
import { importsTests } from "../../../server/teams/gates/imports-tests.ts";
import { testReport } from "../../support/reports.ts";

const tested = { name: "pays", status: "passed", duration_ms: 1, message: null } as const;

/** What is said of a source with this text next to `test/bill.test.ts`. */
const saidOf = async (text: string) => {
  const files = ["test/bill.test.ts", "test/old.test.ts", "src/cart.ts"].map((file) => ({ ...tested, file }));
  const said = await importsTests(
    {
      ground: { prepare: () => Promise.resolve(), runTests: () => Promise.resolve(testReport({})) },
      ...{ layout: byNames, changes: [], wholeChange: null, before: new Map() },
      after: new Map([["src/bill.ts", "1"]]),
      ...{
        provenRed: null,
        provenTests: { proven: ["test/bill.test.ts > pays", "src/cart.ts > pays"], found: [] },
      },
      ...{ heldBack: { changes: [], proven: [] }, findings: [] },
      ...{ allowTestChanges: false, mutantsThreshold: 0.8, equivalents: new Map(), mayRemoveTests: false },
      budgetMs: 60_000,
      baseline: () => Promise.resolve(testReport({})),
      part: () => null,
      readText: () => Promise.resolve(text),
      readBase: () => Promise.resolve(null),
      exists: () => Promise.resolve(true),
      now: () => "2026-01-31T12:00:00.000Z",
      signal: AbortSignal.timeout(60_000),
    },
    testReport({ tests: files }),
  );
  return said?.evidence ?? [];
};

describe("a source that imports its tests", () => {
  it("is named, whether it wants their code or their text", async () => {
    const named = ["src/bill.ts imports test/bill.test.ts"];
    for (const text of [
      'import text from "../test/bill.test.ts?raw";\n',
      "const { default: text } = await import('../test/bill.test');\n",
      'const test = require("../test/bill.test.ts");\n',
    ])
      assert.deepEqual(await saidOf(text), named, text);
  });

  it("is none if it imports other code, or tests that are not new", async () => {
    for (const text of [
      'import { pay } from "./bill.js";\n',
      'import old from "../test/old.test.ts";\n',
      'import { money } from "../test/money.ts";\n',
      // This source contains its tests.
      'import { cart } from "./cart.ts";\n',
    ])
      assert.deepEqual(await saidOf(text), [], text);
  });
});
