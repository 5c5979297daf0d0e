import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { describe, it } from "mocha";
import { byNames } from "../../../schemas/test-layout.ts";
import type { FileChange } from "../../../schemas/changes.ts";
import { agreeing } from "../../../server/teams/gates/agreeing.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import { testReport } from "../../support/reports.ts";

const file = "test/slug.test.js";
const source = "src/slug.js";
const head = 'const { slug, expected, old } = require("../src/slug.js");\n';
const before = "exports.old = (value) => value;\n";
const after = `${before}exports.slug = (value) => value.toLowerCase();\nexports.expected = { joined: "two words" };\n`;

/** What is said of a test with this body. It runs with the text that the gate puts in the place of the source. */
const saidOf = async (body: string) => {
  const texts: Record<string, string> = {
    [source]: after,
    [file]: `${head}test("joins", () => {\n  ${body}\n});\n`,
  };
  let present: readonly FileChange[] = [];
  const ran: string[] = [];
  const passes = (): boolean => {
    const text = present.find(({ path }) => path === source)?.content?.data ?? "";
    ran.push(text);
    const module: { exports: unknown } = { exports: {} };
    runInNewContext(text, { module, exports: module.exports });
    try {
      runInNewContext(`${head}${body}`, { assert, require: () => module.exports });
      return true;
    } catch {
      return false;
    }
  };
  const context: GateContext = {
    ground: {
      prepare: (changes) => {
        present = changes;
        return Promise.resolve();
      },
      runTests: () => {
        const status = passes() ? "passed" : "failed";
        return Promise.resolve(
          testReport({ tests: [{ file, name: "joins", status, duration_ms: 1, message: null }] }),
        );
      },
    },
    ...{ layout: byNames, changes: [], wholeChange: null, before: new Map() },
    after: new Map([file, source].map((path) => [path, "1"])),
    ...{ provenRed: null, provenTests: { proven: [`${file} > joins`], found: [] } },
    ...{ heldBack: { changes: [], proven: [] }, findings: [] },
    ...{ allowTestChanges: false, mutantsThreshold: 0.8, equivalents: new Map(), mayRemoveTests: false },
    budgetMs: 60_000,
    baseline: () => Promise.resolve(testReport({})),
    part: () => null,
    testedSources: () => Promise.resolve([source]),
    readText: (path) => Promise.resolve(texts[path] ?? null),
    readBase: (path) => Promise.resolve(path === source ? before : null),
    exists: () => Promise.resolve(true),
    now: () => "2026-01-01T00:00:00.000Z",
    signal: new AbortController().signal,
  };
  const measured = await agreeing(context);
  return { reason: measured?.reason ?? null, runs: ran.length };
};

describe("tests that compare the code with itself", () => {
  it("refuses a test whose expectation the code brings", async () => {
    const { reason } = await saidOf('assert.equal(slug("Two Words"), expected.joined);');
    assert.match(reason ?? "", /1 new test compares the changed code only with itself/);
  });

  it("lets a test be that expects a value of its own, also from a variable", async () => {
    assert.deepEqual(await saidOf('assert.equal(slug("Two Words"), "two words");'), {
      reason: null,
      runs: 0,
    });
    const { reason } = await saidOf(
      'const wanted = "two words";\n  assert.equal(slug("Two Words"), wanted);',
    );
    assert.equal(reason, null);
  });

  it("lets a test be that compares with older code, or two calls of the same function", async () => {
    assert.equal((await saidOf('assert.equal(slug("a b"), old("a b"));')).reason, null);
    assert.equal((await saidOf('assert.equal(slug("a b"), slug("a b"));')).reason, null);
  });
});
