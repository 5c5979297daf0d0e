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
  return { ...suiteWithinTime(ground, whole, () => Promise.resolve(affected)), done };
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
