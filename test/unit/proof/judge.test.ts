import assert from "node:assert/strict";
import type { FileChange } from "../../../schemas/changes.ts";
import { byNames } from "../../../schemas/test-layout.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { judge } from "../../../server/proof/judge.ts";
import { NOW } from "../../support/records.ts";

const names = ["cart", "bill", "shop", "till"];
const fileOf = (name: string): string => `test/${name}.test.js`;

/** The report of a slow suite in which one test may fail. */
const suite = (files: readonly string[] | null, failing: string | null): TestReport => {
  const tests = names
    .filter((name) => files?.includes(fileOf(name)) ?? true)
    .map((name) => ({
      file: fileOf(name),
      name,
      status: name === failing ? ("failed" as const) : ("passed" as const),
      message: name === failing ? "expected 2, got 1" : null,
      duration_ms: 1,
    }));
  const failed = tests.filter(({ status }) => status === "failed").length;
  return {
    runner: "node:test",
    outcome: failed === 0 ? "passed" : "failed",
    command: ["node", "--test"],
    exit_code: failed === 0 ? 0 : 1,
    duration_ms: 120_000,
    counts: { passed: tests.length - failed, failed, skipped: 0 },
    tests,
    load_errors: [],
    errors: [],
    parts: [],
    output: "",
    coverage: null,
  };
};

describe("the proof of a change that no agent made", () => {
  it("begins with the tests that import the changed files when the suite is slow", async () => {
    const changes: FileChange[] = [
      { path: "src/cart.js", before: null, content: { encoding: "utf8", data: "x\n" }, executable: false },
    ];
    const asked: (readonly string[] | null)[] = [];
    let isChanged = false;
    const ground = {
      prepare: (state: readonly FileChange[]) => {
        isChanged = state.length > 0;
        return Promise.resolve();
      },
      runTests: ({ files }: { files: string[] | null }) => {
        asked.push(files);
        return Promise.resolve(suite(files, isChanged ? "cart" : null));
      },
    };
    const [clean] = await judge(
      { changes, readBase: () => Promise.resolve("y\n"), layout: byNames },
      ground,
      {
        now: () => NOW,
        signal: new AbortController().signal,
        proven: () => undefined,
        mutantsThreshold: 0,
        equivalents: new Map(),
        budgetMs: 1000,
        affectedTests: () => Promise.resolve([fileOf("cart")]),
        testedSources: () => Promise.resolve([]),
      },
    );
    assert.equal(clean?.held, false);
    assert.match(clean.reason, /^1 test broken in files that import the changed files/);
    // All tests before the change, then the affected ones with it and without it.
    assert.deepEqual(asked, [null, [fileOf("cart")], [fileOf("cart")]]);
  });
});
