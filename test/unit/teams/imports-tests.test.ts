import assert from "node:assert/strict";
import { byNames } from "../../../schemas/test-layout.ts";
import { importsHelpers, importsTests } from "../../../server/teams/gates/imports-tests.ts";
import { testReport } from "../../support/reports.ts";

const tested = { name: "pays", status: "passed", duration_ms: 1, message: null } as const;

/** What is said of a source with this text next to `test/bill.test.ts`. */
const saidOf = async (
  text: string,
  { gate = importsTests, path = "src/bill.ts", helper = "test/support/pay.ts", before = "" } = {},
) => {
  const files = ["test/bill.test.ts", "test/old.test.ts", "src/cart.ts"].map((file) => ({ ...tested, file }));
  const said = await gate(
    {
      ground: { prepare: () => Promise.resolve(), runTests: () => Promise.resolve(testReport({})) },
      ...{ layout: byNames, changes: [], wholeChange: null, before: new Map() },
      after: new Map([path, helper].map((each) => [each, "1"])),
      testedSources: () => Promise.resolve([path]),
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
      readBase: () => Promise.resolve(before === "" ? null : before),
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

describe("a source that imports a helper of the tests", () => {
  const gate = importsHelpers;

  it("is named if the change brings both", async () => {
    const named = ["src/bill.ts imports test/support/pay.ts"];
    const text = 'export { pay } from "../test/support/pay.js";\n';
    assert.deepEqual(await saidOf(text, { gate }), named);
    const python = { gate, path: "bill.py", helper: "conftest.py" };
    assert.deepEqual(await saidOf("from conftest import pay\n", python), ["bill.py imports conftest.py"]);
  });

  it("is none if it did so before, or takes types or other code", async () => {
    const text = 'export { pay } from "../test/support/pay.js";\n';
    assert.deepEqual(await saidOf(text, { gate, before: text }), []);
    for (const other of [
      'import type { Pay } from "../test/support/pay.js";\n',
      'export { pay } from "./support/pay.js";\n',
    ])
      assert.deepEqual(await saidOf(other, { gate }), [], other);
  });
});
