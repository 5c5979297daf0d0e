import assert from "node:assert/strict";
import { byNames } from "../../../schemas/test-layout.ts";
import type { Mutant, TestReport } from "../../../schemas/tests.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import { tryAll } from "../../../server/teams/gates/trial.ts";
import { testReport } from "../../support/reports.ts";

const [own, old, far] = ["test/new.test.js", "test/old.test.js", "test/far.test.js"] as const;
const text: Mutant = {
  ...{ id: "7", path: "src/size.js", line: 1, end_line: 1 },
  ...{ kind: "StringLiteral", replacement: '""', other_text: "7~" },
};
const ran = (status: "passed" | "failed", ...files: string[]): TestReport["tests"] =>
  files.map((file) => ({ file, name: "asks", status, duration_ms: 1, message: null }));
const reachedBy = (...files: string[]): Partial<TestReport> => ({
  watched: true,
  reached: files.map((file) => ({ id: text.id, file, test: null })),
});

/** The fate of a mutant of a text that a test notices if it is empty, and the files of the runs with another text. */
const tried = async (noticing: string | null) => {
  const files: (readonly string[] | null)[] = [];
  const dry = testReport({ ...reachedBy(own), tests: ran("passed", own) });
  const context: GateContext = {
    ground: {
      prepare: () => Promise.resolve(),
      runTests: (run) => {
        const all = run.files ?? [own, old, far];
        if (run.probe?.tell_reached === true)
          return Promise.resolve(testReport({ ...reachedBy(own, old), tests: ran("passed", ...all) }));
        if (run.probe?.mutant === text.other_text) files.push(run.files);
        const falls = run.probe?.mutant === text.id ? own : noticing;
        const tests = all.flatMap((file) => ran(file === falls ? "failed" : "passed", file));
        const isFallen = tests.some(({ status }) => status === "failed");
        return Promise.resolve(testReport({ tests, outcome: isFallen ? "failed" : "passed" }));
      },
    },
    ...{ layout: byNames, changes: [], wholeChange: null, before: new Map(), after: new Map() },
    ...{ provenRed: null, provenTests: null, heldBack: { changes: [], proven: [] }, findings: [] },
    ...{ allowTestChanges: false, mutantsThreshold: 0.8, equivalents: new Map(), mayRemoveTests: false },
    budgetMs: 60_000,
    baseline: () => Promise.resolve(testReport({ tests: ran("passed", old, far) })),
    part: () => null,
    readText: () => Promise.resolve(null),
    readBase: () => Promise.resolve(null),
    exists: () => Promise.resolve(true),
    now: () => "2026-01-31T12:00:00.000Z",
    signal: AbortSignal.timeout(60_000),
  };
  const fates = await tryAll(context, [text], {
    ...{ changes: [], mutable: [], own: [own], dry, urgent: new Set(), started: performance.now() },
    ...{ noticing: new Set(), unreached: new Set() },
    suite: new Set([`${old} > asks`, `${far} > asks`]),
  });
  return { fate: fates.get(text.id), files };
};

describe("another text in the place of a returned one", () => {
  it("is tried with the tests that reach it, first the new ones", async () => {
    assert.deepEqual(await tried(own), { fate: "killed", files: [[own]] });
    assert.deepEqual(await tried(old), { fate: "killed", files: [[own], [old]] });
    assert.deepEqual(await tried(null), { fate: "survived", files: [[own], [old]] });
  });
});
