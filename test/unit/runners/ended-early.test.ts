import assert from "node:assert/strict";
import { adapters } from "../../../server/worker/runners/adapters.ts";
import type { TestResults } from "../../../server/worker/runners/runner.ts";
import { emptyScript } from "../../../server/workspace/test-script.ts";
import { testWorkspace } from "../../support/workspace.ts";

const reports = {
  cargo: "cargo.txt",
  go: "go.jsonl",
  phpunit: "report.xml",
  bun: "report.xml",
  deno: "report.xml",
};

/** What the adapter reads from a report of a real run, in a folder with these files. */
const read = async (
  runner: keyof typeof reports,
  report: string,
  files: Readonly<Record<string, string>>,
): Promise<TestResults> => {
  const name = reports[runner];
  const workspace = await testWorkspace({ ...files, [`report/${name}`]: report });
  const { root } = workspace;
  const job = { runner, folder: root, program: null, script: emptyScript, files: null, name: null };
  const ended = { exit_code: 0, signal: null, timed_out: false, duration_ms: 1, output: "" };
  const results = await adapters[runner].read(
    { ...job, coverage: false, reportFolder: `${root}/report` },
    ended,
  );
  await workspace.remove();
  return results;
};

const events = (...lines: object[]): string => lines.map((line) => JSON.stringify(line)).join("\n");

describe("test programs that end early", () => {
  const cargo = { "Cargo.toml": '[package]\nname = "shop"\n', "src/lib.rs": "", "tests/a.rs": "" };

  it("are named even if Cargo itself ends with exit code 0", async () => {
    const report = `     Running unittests src/lib.rs (target/debug/deps/shop-0a1b)

running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/a.rs (target/debug/deps/a-2c3d)

running 3 tests
test a ... ok
   Doc-tests shop

running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
`;
    const { tests, errors } = await read("cargo", report, cargo);
    assert.deepEqual(
      tests.map(({ name, status }) => `${name}: ${status}`),
      ["a: passed"],
    );
    assert.deepEqual(
      errors.map(({ name }) => name),
      ["tests/a.rs ended before all of its tests ran"],
    );
    const whole = report.replace("ok\n   Doc", "ok\ntest result: ok. 3 passed;\n   Doc");
    assert.deepEqual((await read("cargo", whole, cargo)).errors, []);
  });

  it("are named if a Go package fails before its first test", async () => {
    const report = events(
      { Action: "output", Package: "shop", Output: "panic: no database\n" },
      { Action: "output", Package: "shop", Output: "FAIL\tshop\t0.004s\n" },
      { Action: "fail", Package: "shop", Elapsed: 0.004 },
      { Action: "pass", Package: "shop/more", Test: "TestMore", Elapsed: 0 },
      { Action: "pass", Package: "shop/more", Elapsed: 0 },
      { Action: "output", Package: "shop/broken", Output: "FAIL\tshop/broken [build failed]\n" },
      { Action: "fail", Package: "shop/broken", Elapsed: 0 },
    );
    const { errors } = await read("go", report, { "go.mod": "module shop\n" });
    assert.deepEqual(errors, [
      { name: "shop failed outside of its tests", message: "panic: no database\nFAIL\tshop\t0.004s\n" },
    ]);
  });

  for (const runner of ["phpunit", "bun", "deno"] as const)
    it(`leave an empty report, which is none (${runner})`, async () => {
      const { complete } = await read(runner, "", {});
      assert.equal(complete, false);
      assert.equal((await read(runner, "<testsuites/>", {})).complete, true);
    });
});
