import assert from "node:assert/strict";
import { makeProject, outline, type Project } from "./project.ts";

const arithmetic = `
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { add } from "../src/add.js"; import { declare } from "../tests/declare.js";
describe("add", () => {
  describe("of two", () => {
    it("adds", () => assert.equal(add(1, 2), 3));
    it("adds [a+b]", () => assert.equal(add(2, 2), 5));
  });
  it.skip("is left out", () => {});
  it.todo("is to be done");
});
declare("stands alone");
`;

describe("node:test", () => {
  let project: Project;
  before(async () => {
    project = await makeProject({
      "package.json": '{ "type": "module", "scripts": { "test": "node --test" } }',
      "src/add.js": "export const add = (a, b) => a + b;\nexport const unused = () => {\n  return 1;\n};\n",
      "tests/declare.js":
        'import { test } from "node:test";\nexport const declare = (name) => test(name, () => {});\n',
      "test/add.test.js": arithmetic,
    });
  });
  after(() => project.remove());

  it("reports every test with its suites, and what failed why", async () => {
    const report = await project.test();
    assert.equal(report.runner, "node:test");
    assert.equal(report.outcome, "failed");
    assert.equal(report.exit_code, 1);
    assert.deepEqual(report.counts, { passed: 2, failed: 1, skipped: 2 });
    assert.deepEqual(outline(report), [
      "test/add.test.js > add > is left out: skipped",
      "test/add.test.js > add > is to be done: skipped",
      "test/add.test.js > add > of two > adds [a+b]: failed",
      "test/add.test.js > add > of two > adds: passed",
      "test/add.test.js > stands alone: passed",
    ]);
    const message = report.tests.find(({ status }) => status === "failed")?.message ?? "";
    assert.match(message, /4 !== 5/);
    assert.match(message, /test\/add\.test\.js:8/);
    assert.doesNotMatch(message, /node:internal|Prüfstück/);
  });

  it("runs only the tests of a name", async () => {
    const report = await project.test({ name: "of two > adds [a+b]" });
    assert.deepEqual(outline(report), ["test/add.test.js > add > of two > adds [a+b]: failed"]);
  });

  it("gets every result, even if the runner reads them slowly", async () => {
    const slow = `
import { spawn } from "node:child_process";
import { it } from "node:test";
it("holds up who reads its results", () => {
  const goOn = "sleep 4; kill -CONT " + process.ppid;
  process.kill(process.ppid, "SIGSTOP");
  spawn("/bin/sh", ["-c", goOn], { detached: true, stdio: "ignore" }).unref();
});
for (let count = 1; count <= 2000; count++) it("counts " + count, () => {});
`;
    await project.write({ "test/slow.test.js": slow });
    const report = await project.test({ files: ["test/slow.test.js"] });
    assert.deepEqual(report.counts, { passed: 2001, failed: 0, skipped: 0 });
  });

  it("gets tests that a file declares after a top-level await", async () => {
    const later = `
import { it } from "node:test";
it("comes first", () => {});
await new Promise((resolve) => setTimeout(resolve, 2500));
it("comes later", () => {});
`;
    await project.write({ "test/later.test.js": later });
    const report = await project.test({ files: ["test/later.test.js"] });
    assert.deepEqual(report.counts, { passed: 2, failed: 0, skipped: 0 });
  });

  it("tells files that cannot be loaded apart from failing tests", async () => {
    await project.write({
      "test/missing.test.js":
        'import "../src/nowhere.js";\nimport { test } from "node:test";\ntest("x", () => {});\n',
    });
    const report = await project.test({ files: ["test/missing.test.js"] });
    assert.equal(report.outcome, "load_error");
    assert.equal(report.load_errors[0]?.file, "test/missing.test.js");
    assert.match(report.load_errors[0].message, /ERR_MODULE_NOT_FOUND/);
    assert.deepEqual(report.tests, []);
  });

  it("counts a file that ends badly after its tests as a failure of that file", async () => {
    await project.write({
      "test/leaves.test.js":
        'import { test } from "node:test";\ntest("x", () => {});\nprocess.on("exit", () => { process.exitCode = 7; });\n',
    });
    const report = await project.test({ files: ["test/leaves.test.js"] });
    assert.equal(report.outcome, "failed");
    assert.deepEqual(report.counts, { passed: 1, failed: 1, skipped: 0 });
  });

  it("reads coverage from the runner", async () => {
    const { coverage } = await project.test({ files: ["test/add.test.js"], coverage: true });
    assert.deepEqual(coverage?.files["src/add.js"], { covered: 3, total: 4 });
    assert.equal(coverage.total, 4);
  });

  it("runs tests in TypeScript", async () => {
    await project.write({
      "test/typed.test.ts":
        'import { test } from "node:test";\nconst name: string = "typed";\ntest(name, () => {});\n',
    });
    const report = await project.test({ files: ["test/typed.test.ts"] });
    assert.deepEqual(outline(report), ["test/typed.test.ts > typed: passed"]);
  });

  it("fails for an error that comes after the last test", async () => {
    await project.write({
      "test/late.test.js":
        'import { test } from "node:test";\ntest("passes", () => { setTimeout(() => { throw new Error("nobody waits") }, 50); });\n',
    });
    const report = await project.test({ files: ["test/late.test.js"] });
    assert.deepEqual([report.outcome, report.counts.passed], ["failed", 1]);
  });

  it("ends a finished run that left something open", async () => {
    await project.write({
      "test/open.test.js":
        'import { test } from "node:test";\ntest("listens", () => { setInterval(() => {}, 1e6); });\n',
    });
    const report = await project.test({ files: ["test/open.test.js"], timeout_seconds: 20 });
    assert.deepEqual([report.outcome, report.exit_code], ["passed", 0]);
  });

  it("stops a test that never ends, and keeps what was told before", async () => {
    await project.write({
      "test/hangs.test.js":
        'import { test } from "node:test";\ntest("first", () => {});\ntest("hangs", () => { while (true); });\n',
    });
    const report = await project.test({ files: ["test/hangs.test.js"], timeout_seconds: 2 });
    assert.equal(report.outcome, "timed_out");
    assert.equal(report.exit_code, null);
  });
});
