import assert from "node:assert/strict";
import type { FileChange } from "../../../schemas/changes.ts";
import { byNames } from "../../../schemas/test-layout.ts";
import type { TestCase } from "../../../schemas/tests.ts";
import { testId } from "../../../server/teams/gates/compare.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import { transformed } from "../../../server/teams/gates/transformed.ts";
import { testReport } from "../../support/reports.ts";

const file = "test/bill.test.js";
const passing = { file, name: "pays", status: "passed", duration_ms: 1, message: null } as const;
const change = (path: string): FileChange => ({ path, before: null, content: null, executable: false });

/** The refusal of a change with these texts, if its test fails in this way while they are as before. */
const refusalOf = async (
  texts: Readonly<Record<string, string>>,
  failure: TestCase["failure"],
  base: Readonly<Record<string, string>> = {},
): Promise<string | null> => {
  const changes = [file, "src/bill.js", ...Object.keys(texts)].map(change);
  let present: readonly FileChange[] = changes;
  const failing: TestCase = { ...passing, status: "failed", message: "1 is not 2", failure };
  const context: GateContext = {
    ground: {
      prepare: (prepared) => {
        present = prepared;
        return Promise.resolve();
      },
      runTests: () =>
        Promise.resolve(testReport({ tests: [present.length === changes.length ? passing : failing] })),
    },
    ...{ layout: byNames, changes, wholeChange: null, before: new Map() },
    after: new Map(changes.map(({ path }) => [path, "1"])),
    ...{ provenRed: null, provenTests: { proven: [testId(passing)], found: [] } },
    ...{ heldBack: { changes: [], proven: [] }, findings: [] },
    ...{ allowTestChanges: false, mutantsThreshold: 0.8, equivalents: new Map(), mayRemoveTests: false },
    budgetMs: 60_000,
    baseline: () => Promise.resolve(testReport({})),
    part: () => null,
    testedSources: () => Promise.resolve(["src/bill.js"]),
    readText: (path) => Promise.resolve(texts[path] ?? null),
    readBase: (path) => Promise.resolve(base[path] ?? null),
    exists: () => Promise.resolve(true),
    now: () => "2026-01-31T12:00:00.000Z",
    signal: AbortSignal.timeout(60_000),
  };
  const refusal = await transformed(context);
  assert.equal(present, changes, "the change is in place again");
  return refusal?.reason ?? null;
};

describe("a configuration that changes code while it is loaded", () => {
  const rewriting = {
    "package.json": '{ "jest": { "transform": { "src/.*": "./right.js" } } }',
    "jest.config.js": 'export default { transform: { ".*": "./right.js" } };',
    "vitest.config.ts": "export default { plugins: [right()] };",
    ".babelrc": '{ "plugins": ["./right.js"] }',
    "conftest.py": "sys.meta_path.insert(0, Right())",
  };
  for (const [path, text] of Object.entries(rewriting))
    it(`is refused if a new test fails by its assertion without it: ${path}`, async () => {
      const reason = `1 new test passes only because ${path} changes the code while it is loaded.`;
      assert.equal(await refusalOf({ [path]: text }, "assertion"), reason);
    });

  it("is fine if the code does not load without it", async () => {
    for (const failure of ["missing", "error", undefined] as const)
      assert.equal(await refusalOf({ ".babelrc": rewriting[".babelrc"] }, failure), null);
  });

  it("is fine if it was there before, or if it only says which tests run and how", async () => {
    const base = { ".babelrc": rewriting[".babelrc"] };
    assert.equal(await refusalOf({ ".babelrc": `${rewriting[".babelrc"]}\n` }, "assertion", base), null);
    const plain = { "vitest.config.ts": "export default { test: { globals: true } };" };
    assert.equal(await refusalOf(plain, "assertion"), null);
  });
});
