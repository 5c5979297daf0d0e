import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import { runTests } from "../../../server/worker/runners/run-tests.ts";
import { testWorkspace } from "../../support/workspace.ts";
import { makeProject, outline, type Project } from "./project.ts";

const passing = 'import { test } from "node:test";\ntest("x", () => {});\n';

describe("projects that make it hard", () => {
  const open: Project[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((project) => project.remove()));
  });
  const projectOf = async (files: Record<string, string | Buffer>): Promise<Project> => {
    const project = await makeProject(files);
    open.push(project);
    return project;
  };

  it("without any sign of tests: its suite is empty, and a file no runner is for is refused", async () => {
    const project = await projectOf({ "README.md": "" });
    const { outcome, counts, environment } = await project.test();
    assert.deepEqual([outcome, counts.passed + counts.failed, environment], ["no_tests", 0, undefined]);
    await assert.rejects(
      project.test({ files: ["test/add_test.zig"] }),
      (error) => error instanceof CoditectError && error.code === "no_test_runner",
    );
  });

  it("in a language that no runner is for: it is refused before anything is done", async () => {
    const project = await projectOf({ "main.zig": "" });
    await assert.rejects(
      project.test(),
      (error) => error instanceof CoditectError && error.code === "no_test_runner",
    );
  });

  it("with tests alone, and nothing that says how they run: their language does", async () => {
    const project = await projectOf({ "test/deep/x.test.mjs": passing });
    assert.deepEqual(outline(await project.test()), ["test/deep/x.test.mjs > x: passed"]);
  });

  it("with dependencies that were never installed: the report names the first, and the mend", async () => {
    const project = await projectOf({
      "package.json": '{ "scripts": { "test": "node --test" }, "dependencies": { "not-there": "1" } }',
      "pnpm-lock.yaml": "",
      "a.test.js": 'require("not-there");\n',
    });
    const { environment } = await project.test();
    assert.equal(environment?.problem, "the package not-there is not installed");
    assert.match(environment.mend, /`pnpm install`/);
  });

  it("with a module of its own that is not there: that is no fault of the environment", async () => {
    const project = await projectOf({
      "package.json": '{ "scripts": { "test": "node --test" } }',
      "a.test.js": 'require("./not-there.js");\n',
    });
    const { outcome, environment } = await project.test();
    assert.deepEqual([outcome, environment], ["load_error", undefined]);
  });

  it("without tests yet: nothing ran, and new ones can be run", async () => {
    const project = await projectOf({ "package.json": '{ "type": "module" }' });
    assert.equal((await project.test()).outcome, "no_tests");
    await project.write({ "src/new.test.js": passing });
    assert.equal((await project.test({ files: ["src/new.test.js"] })).outcome, "passed");
  });

  it("with a runner that is not installed: the report says so", async () => {
    const project = await projectOf({
      "package.json": '{ "scripts": { "test": "mocha" } }',
      "test/a.js": "",
    });
    await rm(join(project.root, "node_modules"));
    const report = await project.test();
    assert.equal(report.outcome, "crashed");
    assert.deepEqual(report.environment, {
      problem: "mocha is not installed, but package.json names it",
      mend: "Run `npm install --save-dev mocha` in the project.",
    });
  });

  it("with a runner that crashes: its output is the explanation", async () => {
    const project = await projectOf({
      "package.json": '{ "type": "module", "scripts": { "test": "vitest" } }',
      "vitest.config.js": 'throw new Error("broken configuration");\n',
    });
    const report = await project.test();
    assert.equal(report.outcome, "crashed");
    assert.match(report.output, /broken configuration/);
    assert.match(report.environment?.problem ?? "", /`npm test` ended without the result of a test: .*rror/);
  });

  it("with a runner whose report is not what it should be: the report says so", async () => {
    const program = `
      const file = process.argv.find((word) => word.startsWith("--outputFile.json="));
      require("node:fs").writeFileSync(file.slice(18), '{ "testResults": [{ "name": 7 }] }');
      console.log("all fine");`;
    const workspace = await testWorkspace({
      "package.json": '{ "scripts": { "test": "node node_modules/vitest/vitest.cjs" } }',
      "node_modules/vitest/package.json": '{ "bin": { "vitest": "vitest.cjs" } }',
      "node_modules/vitest/vitest.cjs": program,
    });
    const request = { files: null, name: null, coverage: false, command: null, timeout_seconds: 60 };
    const running = runTests(workspace.root, request, new AbortController().signal);
    const report = await running.finally(() => workspace.remove());
    assert.deepEqual([report.outcome, report.exit_code], ["crashed", 0]);
    assert.match(report.output, /^The report of vitest could not be read: [^]*testResults[^]*all fine/);
  });

  it("with a runner that hangs before its first test", async () => {
    const project = await projectOf({
      "package.json": '{ "scripts": { "test": "mocha a.js" } }',
      "a.js": "while (true);\n",
    });
    const report = await project.test({ timeout_seconds: 2 });
    assert.deepEqual([report.outcome, report.tests], ["timed_out", []]);
  });

  it("is stopped at once when it is cancelled", async () => {
    const project = await projectOf({ "package.json": "{}", "a.test.js": "setInterval(() => {}, 1e6);\n" });
    const abort = new AbortController();
    const running = project.test({}, abort.signal);
    setTimeout(() => {
      abort.abort();
    }, 500);
    await assert.rejects(running, (error) => error instanceof CoditectError && error.code === "cancelled");
  });

  it("with a command of the user: its exit code is the result", async () => {
    const project = await projectOf({ "check.sh": "test -f done || { echo not yet; exit 3; }\n" });
    const failed = await project.test({ command: "sh check.sh" });
    assert.deepEqual([failed.runner, failed.outcome, failed.exit_code], ["command", "failed", 3]);
    assert.match(failed.tests[0]?.message ?? "", /not yet/);
    await project.write({ done: "" });
    const passed = await project.test({ command: "sh check.sh && echo fine" });
    assert.deepEqual([passed.outcome, passed.counts.passed], ["passed", 1]);
    const missing = await project.test({ command: "no-such-program --check" });
    assert.deepEqual([missing.outcome, missing.exit_code], ["crashed", 127]);
  });

  it("with a script of a program we do not know: npm test decides", async () => {
    const project = await projectOf({
      "package.json": '{ "scripts": { "test": "node check.js" } }',
      "check.js": "process.exit(4);\n",
    });
    const report = await project.test();
    assert.deepEqual([report.runner, report.outcome], ["command", "failed"]);
    assert.deepEqual(report.command, ["npm", "test"]);
  });

  it("with files that are not UTF-8, with a byte order mark, with CRLF", async () => {
    const project = await projectOf({
      "package.json": '\ufeff{ "type": "module",\r\n "scripts": { "test": "node --test" } }\r\n',
      "prüfung/größe.test.js": Buffer.from(
        passing.replace("x", "gr\u00f6\u00dfe").replaceAll("\n", "\r\n"),
        "latin1",
      ),
      "test/bom.test.js": `\ufeff${passing.replaceAll("\n", "\r\n")}`,
    });
    const report = await project.test({ files: ["prüfung/größe.test.js", "test/bom.test.js"] });
    assert.equal(report.outcome, "passed");
    assert.deepEqual(report.tests.map(({ file }) => file).sort(), [
      "prüfung/größe.test.js",
      "test/bom.test.js",
    ]);
  });

  it("of several packages: each file with its package's runner, in one report", async () => {
    const project = await projectOf({
      "package.json": '{ "scripts": { "test": "npm test --workspaces" } }',
      "packages/a/package.json": '{ "type": "module", "scripts": { "test": "node --test" } }',
      "packages/a/test/a.test.js": passing,
      "packages/b/package.json": '{ "scripts": { "test": "mocha" } }',
      "packages/b/test/b.js": 'it("fails", () => { throw new Error("no"); });\n',
    });
    const expected = ["packages/a/test/a.test.js > x: passed", "packages/b/test/b.js > fails: failed"];
    const whole = await project.test();
    assert.deepEqual([whole.outcome, outline(whole)], ["failed", expected]);
    const some = await project.test({ files: ["packages/a/test/a.test.js", "packages/b/test/b.js"] });
    assert.deepEqual(outline(some), expected);
  });

  it("keeps no part of a million lines of output but the beginning and the end", async () => {
    const project = await projectOf({
      "package.json": '{ "scripts": { "test": "mocha --no-timeout a.js" } }',
      "a.js":
        'it("talks", () => { for (let i = 0; i < 1e6; i += 1) process.stdout.write("chatter\\n"); });\n',
    });
    const report = await project.test();
    assert.equal(report.outcome, "passed");
    assert.ok(report.output.length < 70_000);
  });
});
