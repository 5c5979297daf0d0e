import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { byNames } from "../../../schemas/test-layout.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import { standIns } from "../../../server/teams/gates/stand-ins.ts";
import { testReport } from "../../support/reports.ts";

const file = "test/slug.test.js";
const source = "src/slug.js";
const after = "export const slug = (value) => value.trim();\n";

/** What is said of a test file that passes, or fails, while each function of the source throws. */
const saidOf = async (text: string, status: "passed" | "failed" = "passed") => {
  const runs: (string | null | undefined)[] = [];
  const context: GateContext = {
    ground: {
      prepare: () => Promise.resolve(),
      runTests: ({ probe }) => {
        runs.push(probe?.mutant);
        const test = { file, name: "joins", status, duration_ms: 1, message: null };
        return Promise.resolve(testReport({ tests: [test] }));
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
    readText: (path) => Promise.resolve(path === file ? text : after),
    readBase: () => Promise.resolve(null),
    exists: () => Promise.resolve(true),
    now: () => "2026-01-01T00:00:00.000Z",
    signal: new AbortController().signal,
  };
  const measured = await standIns(context, [{ path: source, before: null, after }]);
  return { reason: measured?.reason ?? null, runs };
};

describe("tests that replace the changed code", () => {
  it("refuses tests that replace a module or a function of it and pass while it throws", async () => {
    for (const text of [
      'vi.mock("../src/slug.js", () => ({ slug: () => "two-words" }));',
      'jest.mock("../src/slug");',
      'mock.module("../src/slug.js", { namedExports: {} });',
      'vi.spyOn(text, "slug").mockReturnValue("two-words");',
      't.mock.method(text, "slug", () => "two-words");',
      'text.slug = () => "two-words";',
    ]) {
      const { reason, runs } = await saidOf(text);
      assert.match(
        reason ?? "",
        /1 new test replaces the changed code with other code and never calls it/,
        text,
      );
      assert.deepEqual(runs, ["reach"]);
    }
  });

  it("lets tests be that call the changed code nevertheless", async () => {
    assert.equal((await saidOf('vi.spyOn(text, "slug");', "failed")).reason, null);
  });

  it("lets tests be that expect an error: each one does", async () => {
    const text = `it("joins", async () => {
  vi.spyOn(text, "slug").mockRejectedValue(new Error("no"));
  await expect(page()).rejects.toThrow();
});
`;
    assert.equal((await saidOf(text)).reason, null);
  });

  it("does not run tests that replace something else", async () => {
    for (const text of [
      'vi.mock("../src/other.js");',
      'vi.spyOn(console, "log");',
      "expect(text.slug(a)).toBe(1);",
    ])
      assert.deepEqual(await saidOf(text), { reason: null, runs: [] });
  });
});
