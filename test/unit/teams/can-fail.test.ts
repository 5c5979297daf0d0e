import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { byNames } from "../../../schemas/test-layout.ts";
import type { Mutant, TestCase, TestProbe, TestReport } from "../../../schemas/tests.ts";
import { ableToFail } from "../../../server/teams/gates/can-fail.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import { withoutAssertionInWords } from "../../../server/teams/gates/without-assertion.ts";

const source = "shop.py";
const file = "tests/test_shop.py";
const id = `${file} > sells`;
const mutants: Mutant[] = ["shop.py#0", "shop.py#1"].map((name, at) => ({
  ...{ id: name, path: source, line: at + 1, end_line: at + 1 },
  ...{ kind: "return", replacement: "return None" },
}));

const test = (failed: Pick<TestCase, "failure" | "message"> | null): TestCase => ({
  ...{ file, name: "sells", duration_ms: 1, message: null },
  ...(failed === null ? { status: "passed" as const } : { status: "failed" as const, ...failed }),
});

const reportOf = (each: TestCase, more: Partial<TestReport> = {}): TestReport => ({
  runner: "pytest",
  command: ["pytest"],
  outcome: each.status === "failed" ? "failed" : "passed",
  exit_code: 0,
  counts: { passed: 1, failed: 0, skipped: 0 },
  tests: [each],
  ...{ load_errors: [], errors: [], parts: [], coverage: null, duration_ms: 1, output: "" },
  watched: true,
  ...more,
});

/** What the trial shows of a test that fails so with the second mutant of a source that it imports. */
const trialOf = async (
  failed: Pick<TestCase, "failure" | "message"> | null,
  { budgetMs = 60_000, reaches = ["shop.py#0", "shop.py#1"], stops = false, needsOthers = false } = {},
) => {
  const prepared: number[] = [];
  const ran: (string[] | null)[] = [];
  const answer = (probe: TestProbe | undefined): TestReport => {
    if (probe?.mutant === "shop.py#1") return reportOf(test(failed));
    if (stops) return reportOf(test(null), { outcome: "timed_out", tests: [] });
    if (needsOthers && probe?.only != null) return reportOf(test({ failure: "error", message: "no shop" }));
    const reached = reaches.map((name) => ({ id: name, file, test: "sells" }));
    return reportOf(test(null), probe?.tell_reached === true ? { mutants, reached } : {});
  };
  const context: GateContext = {
    ground: {
      prepare: (changes) => {
        prepared.push(changes.length);
        return Promise.resolve();
      },
      runTests: ({ probe }) => {
        ran.push(probe?.only ?? null);
        return Promise.resolve(answer(probe));
      },
    },
    ...{ layout: byNames, changes: [], wholeChange: null, after: new Map(), before: new Map() },
    ...{ provenRed: null, provenTests: null, heldBack: { changes: [], proven: [] }, findings: [] },
    ...{ allowTestChanges: false, mutantsThreshold: 0.8, equivalents: new Map(), mayRemoveTests: false },
    budgetMs,
    baseline: () => Promise.resolve(reportOf(test(null))),
    part: () => null,
    testedSources: () => Promise.resolve([source]),
    readText: () => Promise.resolve("def sell():\n    return 1\n"),
    readBase: () => Promise.resolve(null),
    exists: () => Promise.resolve(true),
    now: () => "2026-01-31T12:00:00.000Z",
    signal: AbortSignal.timeout(60_000),
  };
  const { able, unable, untried } = await ableToFail(context, new Set([id]), [file], { usualMs: 1 });
  assert.equal(prepared.at(-1), 0, "the copy has its state again");
  assert.deepEqual(ran.slice(0, 2), needsOthers ? [[id], null] : [[id], [id]].slice(0, ran.length));
  if (untried.has(id)) return "untried";
  return able.has(id) ? "able" : unable.has(id) ? "unable" : "unknown";
};

const inTest = `${file}:4: in test_sells\ntools/check.py:2: AssertionError`;

describe("a test that reaches no known assertion", () => {
  it("can fail if a mutant makes it fail by an assertion, wherever that is", async () => {
    assert.equal(await trialOf({ failure: "assertion", message: inTest }), "able");
  });

  it("can fail if a package that it calls throws an error of its own", async () => {
    const frames = "    at get (/w/node_modules/lib/index.js:3:4)\n    at test/a.test.js:9:1";
    assert.equal(await trialOf({ failure: "error", message: `Error: no element\n${frames}` }), "able");
    assert.equal(await trialOf({ failure: "error", message: `TypeError: no element\n${frames}` }), "unable");
  });

  it("cannot fail if it passes with every mutant", async () => {
    assert.equal(await trialOf(null), "unable");
  });

  it("cannot fail if mutants only make it crash, or make the mutated file itself throw", async () => {
    assert.equal(await trialOf({ failure: "error", message: `Error: no\n${inTest}` }), "unable");
    const inSource = `${file}:4: in test_sells\n${source}:2: AssertionError`;
    assert.equal(await trialOf({ failure: "assertion", message: inSource }), "unable");
  });

  it("is not judged if it reaches no mutant", async () => {
    assert.equal(await trialOf(null, { reaches: [] }), "unknown");
  });

  it("runs with the other tests of its file if it needs them", async () => {
    assert.equal(await trialOf({ failure: "assertion", message: inTest }, { needsOthers: true }), "able");
  });

  it("counts apart if the time is up, also before its mutants are known", async () => {
    assert.equal(await trialOf(null, { budgetMs: -1 }), "untried");
    assert.equal(await trialOf(null, { stops: true }), "untried");
    const told = withoutAssertionInWords({ cannotFail: [], untried: [id] });
    assert.match(told.join(" "), /the time was up before mutants showed that it can fail/);
  });
});
