import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeProject, outline, type Project } from "./project.ts";

describe("mocha", () => {
  let project: Project;
  before(async () => {
    project = await makeProject({
      "package.json": '{ "type": "module", "scripts": { "test": "mocha --reporter dot \'spec/**/*.js\'" } }',
      ".mocharc.json": '{ "bail": true }',
      "src/add.js": "export const add = (a, b) => a + b;\nexport const unused = () => {\n  return 1;\n};\n",
      "spec/add.js": `
import assert from "node:assert/strict";
import { add } from "../src/add.js";
describe("add", () => {
  it("adds (a+b)", () => assert.equal(add(2, 2), 5));
  it("adds", () => assert.equal(add(1, 2), 3));
  it.skip("is left out", () => {});
});
`,
      "spec/deep/hooks.js": `
describe("hooks", () => {
  beforeEach(() => { throw new Error("no database"); });
  it("never runs", () => {});
});
`,
    });
  });
  after(() => project.remove());

  it("reports every test of the script's patterns, past the first failure", async () => {
    const report = await project.test();
    assert.equal(report.runner, "mocha");
    assert.equal(report.outcome, "failed");
    assert.deepEqual(outline(report), [
      "spec/add.js > add > adds (a+b): failed",
      "spec/add.js > add > adds: passed",
      "spec/add.js > add > is left out: skipped",
      'spec/deep/hooks.js > hooks > "before each" hook for "never runs": failed',
    ]);
    const message = report.tests.find(({ name }) => name.includes("(a+b)"))?.message ?? "";
    assert.match(message, /4 !== 5/);
    assert.match(message, /spec\/add\.js:5/);
    assert.doesNotMatch(message, /node_modules|node:internal|Prüfstück/);
  });

  it("runs only the tests of a name and a file", async () => {
    const report = await project.test({ files: ["spec/add.js"], name: "add > adds (a+b)" });
    assert.deepEqual(outline(report), ["spec/add.js > add > adds (a+b): failed"]);
  });

  it("tells files that cannot be loaded apart from failing tests", async () => {
    await project.write({
      "other/broken.js": 'import { nothing } from "../src/add.js";\nit("x", () => nothing());\n',
    });
    const report = await project.test({ files: ["spec/add.js", "other/broken.js"] });
    assert.equal(report.outcome, "load_error");
    assert.equal(report.load_errors[0]?.file, "other/broken.js");
    assert.match(report.load_errors[0].message, /does not provide an export named 'nothing'/);
  });

  it("does the same where other processes run the tests", async () => {
    await project.write({
      "other/broken.js": 'import { nothing } from "../src/add.js";\nit("x", () => nothing());\n',
      "other/fine.js": 'it("is there", () => {});\n',
      "other/late.js": 'it("fails", () => { throw new Error("late"); });\nit("still runs", () => {});\n',
    });
    const report = await project.test({ command: "mocha --parallel other" });
    assert.deepEqual(
      [report.outcome, report.load_errors.map(({ file }) => file), outline(report).sort()],
      [
        "load_error",
        ["other/broken.js"],
        [
          "other/fine.js > is there: passed",
          "other/late.js > fails: failed",
          "other/late.js > still runs: passed",
        ],
      ],
    );
  });

  it("says that nothing ran when there is no such test", async () => {
    assert.equal((await project.test({ files: ["spec/none.js"] })).outcome, "no_tests");
    assert.equal((await project.test({ name: "no such name" })).outcome, "no_tests");
  });

  it("reads coverage through c8, under the project's own threshold", async () => {
    await project.write({ ".c8rc.json": '{ "check-coverage": true, "lines": 100, "all": true }' });
    const request = { files: ["spec/add.js"], name: "add > adds", coverage: true };
    const report = await project.test(request);
    assert.deepEqual(report.coverage?.files["src/add.js"], { covered: 3, total: 4 });
    assert.ok(!Object.keys(report.coverage.files).some((path) => path.startsWith("spec/")));
    assert.ok(!existsSync(join(project.root, "coverage")));
  });

  it("ends a finished run that left something open", async () => {
    await project.write({ "other/open.js": 'it("listens", () => { setInterval(() => {}, 1e6); });\n' });
    const report = await project.test({ files: ["other/open.js"], timeout_seconds: 20 });
    assert.equal(report.outcome, "passed");
    assert.equal(report.exit_code, 0);
  });

  it("tells what came before when a test ends the process", async () => {
    await project.write({
      "other/exit.js":
        'it("first", () => {});\nit("leaves", () => process.exit(5));\nit("after", () => {});\n',
    });
    const report = await project.test({ files: ["other/exit.js"] });
    assert.equal(report.outcome, "crashed");
    assert.equal(report.exit_code, 5);
    assert.deepEqual(outline(report), ["other/exit.js > first: passed"]);
  });

  it("stops a test that never ends, and keeps what was told before", async () => {
    await project.write({
      "other/hangs.js":
        'it("first", () => {});\nit("hangs", () => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); });\n',
    });
    const report = await project.test({ files: ["other/hangs.js"], timeout_seconds: 6 });
    assert.equal(report.outcome, "timed_out");
    assert.equal(report.exit_code, null);
    assert.deepEqual(outline(report), ["other/hangs.js > first: passed"]);
  });
});
