import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { TestReport } from "../../../schemas/tests.ts";
import { suiteWithinTime } from "../../../server/teams/gates/long-suite.ts";
import { testReport } from "../../support/reports.ts";

/** A suite whose whole takes too long or not, and the files of each run. */
const suiteOf = (outcome: TestReport["outcome"], affected: string[]) => {
  const done: string[] = [];
  const ground = {
    prepare: () => {
      done.push("prepare");
      return Promise.resolve();
    },
    runTests: ({ files }: { files: string[] | null }) => {
      done.push(files?.join() ?? "all");
      return Promise.resolve(testReport({ outcome: files === null ? outcome : "passed" }));
    },
  };
  const whole = (): Promise<TestReport> => ground.runTests({ files: null });
  const before = { whole, affected: () => Promise.resolve(affected), edited: () => Promise.resolve([]) };
  return { ...suiteWithinTime(ground, before), done };
};
const all = { files: null, coverage: false };

describe("a suite that takes longer than tests may", () => {
  it("is stood for by the tests that the change can affect, in each run of all tests", async () => {
    const { ground, baseline, part, done } = suiteOf("timed_out", ["a.test.ts", "b.test.ts"]);
    assert.equal(part(), null);
    assert.equal((await baseline()).outcome, "passed");
    await baseline();
    assert.deepEqual(part(), ["a.test.ts", "b.test.ts"]);
    await ground.runTests(all);
    await ground.runTests({ ...all, files: ["c.test.ts"] });
    assert.deepEqual(done, ["all", "prepare", "a.test.ts,b.test.ts", "a.test.ts,b.test.ts", "c.test.ts"]);
  });

  it("is not if no test is known to be affected, or if all of it runs in time", async () => {
    for (const [outcome, affected] of [
      ["timed_out", []],
      ["failed", ["a.test.ts"]],
    ] as const) {
      const { ground, baseline, part, done } = suiteOf(outcome, [...affected]);
      assert.equal((await baseline()).outcome, outcome);
      await ground.runTests(all);
      assert.deepEqual([part(), done], [null, ["all", "all"]]);
    }
  });
});

describe("a suite that does not run because files do not load", () => {
  const old = { file: "b.test.ts", name: "old", status: "failed", duration_ms: 1, message: "no" } as const;
  const known = { ...old, file: "a.test.ts" };
  /** The tests before a change that edits both files, and the files that ran alone. */
  const baselineOf = async (report: Partial<TestReport>) => {
    const ran: (string[] | null)[] = [];
    const ground = {
      prepare: () => Promise.resolve(),
      runTests: ({ files }: { files: string[] | null }) => {
        ran.push(files);
        return Promise.resolve(testReport({ tests: [old] }));
      },
    };
    const { baseline } = suiteWithinTime(ground, {
      whole: () => Promise.resolve(testReport(report)),
      affected: () => Promise.resolve([]),
      edited: () => Promise.resolve(["a.test.ts", "b.test.ts"]),
    });
    return { tests: (await baseline()).tests, ran };
  };

  it("shows the old tests of edited files, which run alone if the suite does not tell of them", async () => {
    const unknown = await baselineOf({ outcome: "load_error" });
    assert.deepEqual(unknown, { tests: [old], ran: [["a.test.ts", "b.test.ts"]] });
    const half = await baselineOf({ outcome: "crashed", tests: [known] });
    assert.deepEqual(half, { tests: [known, old], ran: [["b.test.ts"]] });
  });

  it("is taken as it is if it ran to its end", async () => {
    assert.deepEqual(await baselineOf({ outcome: "failed" }), { tests: [], ran: [] });
  });
});
