import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "mocha";
import { CoditectError } from "../../../schemas/errors.ts";
import type { FileChange } from "../../../schemas/changes.ts";
import { TestProbe, type TestReport } from "../../../schemas/tests.ts";
import { tellingWhatTestsLack } from "../../../server/proof/proving-ground.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const fileChange = (path: string): FileChange => ({
  path,
  before: null,
  content: { encoding: "utf8", data: "" },
  executable: false,
});
const code = fileChange("src/bill.js");
const test = fileChange("test/bill.test.js");
const whole = [code, test];
const wanted = { files: null, coverage: false };
const environment = { problem: "jest is not installed", mend: "Run `npm install` in the project." };

const report = (more: Partial<TestReport>): TestReport => ({
  runner: "jest",
  command: ["jest"],
  outcome: "failed",
  exit_code: 1,
  counts: { passed: 0, failed: 1, skipped: 0 },
  tests: [{ file: test.path, name: "adds", status: "failed", message: null, duration_ms: 1 }],
  ...{ load_errors: [], errors: [], parts: [], coverage: null, duration_ms: 1, output: "" },
  ...more,
});

describe("the private copy of a proof", () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace({ ".env.test": "API_KEY=8f1c2a9be07d4453a6c1f0d2b7e94a5c\n" });
    for (const args of [
      ["init", "-q"],
      ["add", "-A"],
    ])
      execFileSync("git", args, { cwd: workspace.root });
  });
  after(() => workspace.remove());

  /** A ground whose tests run as `reportOf` says for each state, and what the user is told. */
  const groundOf = (reportOf: (state: readonly FileChange[]) => TestReport) => {
    const told: string[] = [];
    const states: string[] = [];
    let present: readonly FileChange[] = [];
    const ground = tellingWhatTestsLack(
      {
        prepare: (state) => {
          present = state;
          return Promise.resolve();
        },
        runTests: () => {
          states.push(present.map(({ path }) => path).join("+"));
          return Promise.resolve(reportOf(present));
        },
      },
      { workspace: workspace.root, changes: whole, opened: [], notice: (message) => told.push(message) },
    );
    return { ground, told, states };
  };

  it("names a file that tests may need if they fail before the change or with all of it", async () => {
    const { ground, told } = groundOf(() => report({}));
    for (const state of [[], whole]) {
      await ground.prepare(state);
      await ground.runTests(wanted);
    }
    assert.deepEqual(
      told.map((message) => message.split(",", 1)[0]),
      ["Tests fail without the change", "Tests fail with the change"],
    );
    assert.match(told[0] ?? "", /may need \.env\.test\. .* use --allow-file \.env\.test\./);
  });

  it("names none for tests that must fail, such as new tests without the code", async () => {
    const { ground, told } = groundOf(() => report({}));
    await ground.prepare([test]);
    await ground.runTests(wanted);
    await ground.prepare(whole);
    for (const probe of [{ mutant: "m" }, { refuse_assertions: true }])
      await ground.runTests({ ...wanted, probe: TestProbe.parse(probe) });
    assert.deepEqual(told, []);
  });

  it("refuses a broken environment instead of blaming the change", async () => {
    const { ground, states } = groundOf(() => report({ outcome: "crashed", tests: [], environment }));
    await ground.prepare([test]);
    await assert.rejects(
      ground.runTests(wanted),
      (error) => error instanceof CoditectError && error.code === "tests_cannot_run",
    );
    assert.deepEqual(states, [test.path, `${code.path}+${test.path}`, ""]);
  });

  it("refuses a broken environment if the suite has no test but those that were asked for", async () => {
    const { ground } = groundOf((state) =>
      state.length === 1
        ? report({ outcome: "load_error", tests: [], environment })
        : report({ outcome: "no_tests", tests: [], counts: { passed: 0, failed: 0, skipped: 0 } }),
    );
    await ground.prepare([test]);
    await assert.rejects(
      ground.runTests({ ...wanted, files: [test.path] }),
      (error) => error instanceof CoditectError && error.code === "tests_cannot_run",
    );
  });

  it("leaves it to the gates to judge a change that stops tests which ran before", async () => {
    const { ground } = groundOf((state) =>
      state.includes(code)
        ? report({ outcome: "crashed", tests: [], environment })
        : report({ outcome: "passed", counts: { passed: 3, failed: 0, skipped: 0 } }),
    );
    await ground.prepare(whole);
    assert.equal((await ground.runTests(wanted)).outcome, "crashed");
  });

  it("leaves the copy as it is while mutants run in it, even if one of them ends the runner", async () => {
    const { ground, states } = groundOf(() => report({ outcome: "crashed", tests: [], environment }));
    await ground.prepare([fileChange("src/mutated.js")]);
    const mutants = ["one", "two"].map((mutant) =>
      ground.runTests({ ...wanted, probe: TestProbe.parse({ mutant }) }),
    );
    assert.deepEqual(
      (await Promise.all(mutants)).map(({ outcome }) => outcome),
      ["crashed", "crashed"],
    );
    assert.deepEqual(states, ["src/mutated.js", "src/mutated.js"]);
  });

  it("judges a change that brings the runner, and looks at the whole change once", async () => {
    const { ground, states } = groundOf((state) =>
      state.length === whole.length ? report({}) : report({ outcome: "crashed", tests: [], environment }),
    );
    for (const state of [[], [test]]) {
      await ground.prepare(state);
      assert.equal((await ground.runTests(wanted)).outcome, "crashed");
    }
    assert.deepEqual(states, ["", `${code.path}+${test.path}`, test.path]);
  });
});
