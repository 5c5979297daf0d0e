import assert from "node:assert/strict";
import { byNames } from "../../../schemas/test-layout.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { testId } from "../../../server/teams/gates/compare.ts";
import { diverted } from "../../../server/teams/gates/diverted.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import { testReport } from "../../support/reports.ts";

const file = "test/bill.test.js";
const texts: Record<string, string> = {
  [file]: 'import { pay } from "../src/bill.js";\ntest("pays", () => assert.equal(pay(2), 4));\n',
  "src/bill.js": "export const pay = (cents) => cents;\n",
  "src/other.js": "export const pay = (cents) => cents * 2;\n",
};
const passed = { file, name: "pays", status: "passed", duration_ms: 1, message: null } as const;

/** What is said of the new test if the run without the files that it imports ends so. */
const saidOf = async (
  without: Partial<TestReport>,
  { uncalled = {}, ...others }: { uncalled?: Partial<TestReport> } & Record<string, unknown> = {},
) => {
  const all = { ...texts, ...others };
  const texted = (path: string): Promise<string | null> => {
    const text = all[path];
    return Promise.resolve(typeof text === "string" ? text : null);
  };
  const context: GateContext = {
    ground: {
      prepare: () => Promise.resolve(),
      runTests: ({ probe }) => Promise.resolve(testReport(probe?.mutant == null ? without : uncalled)),
    },
    ...{ layout: byNames, changes: [], wholeChange: null, before: new Map() },
    after: new Map(Object.keys(all).map((path) => [path, "1"])),
    ...{ provenRed: null, provenTests: { proven: [testId(passed)], found: [] } },
    ...{ heldBack: { changes: [], proven: [] }, findings: [] },
    ...{ allowTestChanges: false, mutantsThreshold: 0.8, equivalents: new Map(), mayRemoveTests: false },
    budgetMs: 60_000,
    baseline: () => Promise.resolve(testReport({})),
    part: () => null,
    testedSources: () => Promise.resolve(["src/bill.js"]),
    readText: texted,
    readBase: () => Promise.resolve(null),
    exists: () => Promise.resolve(true),
    now: () => "2026-01-31T12:00:00.000Z",
    signal: AbortSignal.timeout(60_000),
  };
  return (await diverted(context))?.reason ?? null;
};

describe("a new test that passes without the file that it imports", () => {
  it("is refused", async () => {
    assert.match((await saidOf({ tests: [passed] })) ?? "", /other code runs in their place/);
    assert.equal(await saidOf({ tests: [{ ...passed, status: "failed" }] }), null);
  });

  it("is refused where the other code has the same name, and where the test mocks what it imports", async () => {
    const renamed = { "src/other.js": null, "lib/bill.js": texts["src/other.js"] };
    assert.match((await saidOf({ tests: [passed] }, renamed)) ?? "", /other code runs in their place/);
    const mocking = `${texts[file] ?? ""}vi.mock("../src/other.js", () => ({}));\n`;
    assert.match((await saidOf({ tests: [passed] }, { [file]: mocking })) ?? "", /in their place/);
    const awaited = (texts[file] ?? "").replace(/import (.*) from (.*);/, "const $1 = await import($2);");
    assert.match((await saidOf({ tests: [passed] }, { [file]: awaited })) ?? "", /in their place/);
  });

  it("is not refused if it names the other code, which may run in another process", async () => {
    for (const call of [
      'execFile("node", ["src/other.js"]);',
      'exec("node src/other.js 2");',
      'run("-m", "src.other");',
    ]) {
      const starting = `${texts[file] ?? ""}${call}\n`;
      assert.equal(await saidOf({ tests: [passed] }, { [file]: starting }), null, call);
    }
    const talking = `${texts[file] ?? ""}test("pays the other one", () => other.pay());\n`;
    assert.match((await saidOf({ tests: [passed] }, { [file]: talking })) ?? "", /in their place/);
  });

  it("is refused if all such tests pass although each function that they import throws", async () => {
    const failed = { ...passed, status: "failed" } as const;
    assert.match(
      (await saidOf({ tests: [failed] }, { uncalled: { tests: [passed] } })) ?? "",
      /other code runs in their place/,
    );
    assert.equal(await saidOf({ tests: [failed] }, { uncalled: { tests: [failed] } }), null);
  });

  it("is not refused if it passes with the errors because it expects one, or calls no function of the files", async () => {
    const failed = { ...passed, status: "failed" } as const;
    const imports = 'import { pay, PRICES } from "../src/bill.js";\n';
    const asking = (check: string, source = "export const pay = (cents) => cents;\n") =>
      saidOf(
        { tests: [failed] },
        {
          uncalled: { tests: [passed] },
          [file]: `${imports}test("pays", () => ${check});\n`,
          "src/bill.js": source,
        },
      );
    assert.equal(await asking("assert.throws(() => pay(-1))"), null);
    assert.equal(await asking("expect(() => pay(-1)).toThrow()"), null);
    const prices = 'export const PRICES = ["one", "two"];\n';
    const none = "export const pay = (cents) => cents;\n";
    assert.equal(await asking('assert.ok(PRICES.includes("two"))', `${prices}${none}`), null);
    assert.equal(await asking("assert.ok(pay(2))", "export const pay = Boolean;\n"), null);
    const wallet = "export const PRICES = { of(cents) { return cents; } };\n";
    assert.match((await asking("assert.equal(PRICES.of(2), 4)", wallet)) ?? "", /in their place/);
  });

  it("is not refused if the build failed without it, because what was built before is still there", async () => {
    const errors = [{ name: "npm run build failed", message: "not a module", build: "." }];
    assert.equal(await saidOf({ tests: [passed], errors }), null);
  });
});
