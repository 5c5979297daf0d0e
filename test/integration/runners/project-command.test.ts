import assert from "node:assert/strict";
import { makeProject, outline, type Project } from "./project.ts";

const passing = (name: string): string =>
  `const { test } = require("node:test");\ntest(${JSON.stringify(name)}, () => {});\n`;
const spec = (name: string): string => `it(${JSON.stringify(name)}, () => {});\n`;
const manifest = (scripts: Record<string, string>, more: object = {}): string =>
  JSON.stringify({ name: "shop", scripts, ...more });

/** The project's own test command, whole, with the reports of every runner it starts. */
describe("a project's own test command", () => {
  const open: Project[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((project) => project.remove()));
  });
  const projectOf = async (files: Record<string, string>): Promise<Project> => {
    const project = await makeProject(files);
    open.push(project);
    return project;
  };
  const twoRunners = (scripts: Record<string, string>): Record<string, string> => ({
    "package.json": manifest(scripts),
    "unit/a.test.js": passing("a unit"),
    "spec/b.js": spec("a spec"),
  });

  const both = ["spec/b.js > a spec: passed", "unit/a.test.js > a unit: passed"];
  const chains: [what: string, scripts: Record<string, string>][] = [
    ["&&", { test: "node --test unit/*.js && mocha spec/*.js" }],
    [
      "npm run",
      { test: "npm run unit && npm run -s spec", unit: "node --test unit/*.js", spec: "mocha spec/*.js" },
    ],
    ["a script that runs before", { pretest: "node --test unit/*.js", test: "mocha spec/*.js" }],
    ["a subfolder", { test: "node --test unit/*.js && cd spec && mocha --watch *.js" }],
    ["a shell", { test: "sh -c 'node --test --watch unit/*.js' ; mocha spec/*.js" }],
  ];
  for (const [what, scripts] of chains)
    it(`is judged with every runner it starts: ${what}`, async () => {
      const project = await projectOf(twoRunners(scripts));
      const report = await project.test();
      assert.deepEqual(outline(report), both);
      assert.deepEqual([report.outcome, report.exit_code, report.command], ["passed", 0, ["npm", "test"]]);
      assert.equal(report.parts.length, 2);
    });

  it("fails with its own exit code when each test passes", async () => {
    const project = await projectOf(twoRunners({ test: "mocha spec/*.js && node -e 'process.exit(3)'" }));
    const report = await project.test();
    assert.deepEqual([report.outcome, report.exit_code], ["failed", 3]);
    assert.deepEqual(
      report.errors.map(({ name }) => name),
      ["npm test ended with exit code 3 although no test failed"],
    );
  });

  it("reports each test of a program for Node's runner that starts without --test", async () => {
    const project = await projectOf({
      "package.json": manifest({ test: "node test.js --bail" }),
      "test.js": `${passing("a")}test("b", () => { throw new Error("no"); });\n`,
    });
    const report = await project.test();
    assert.deepEqual([report.runner, report.exit_code], ["node:test", 1], report.output);
    assert.deepEqual(outline(report), ["test.js > a: passed", "test.js > b: failed"]);
    assert.deepEqual(outline(await project.test({ files: ["test.js"] })), outline(report));
  });

  it("shows by its parts that a second runner never ran", async () => {
    const project = await projectOf(twoRunners({ test: "node --test unit/*.js && mocha spec/*.js" }));
    await project.write({ "unit/a.test.js": `${passing("a unit")}test("fails", () => { throw 1; });\n` });
    const report = await project.test();
    assert.deepEqual(
      report.parts.map(({ name, exit_code }) => [name, exit_code]),
      [["node:test", 1]],
    );
  });

  it("has the same parts when a shell expands its patterns to a new test file", async () => {
    const project = await projectOf(
      twoRunners({ test: "node --test unit/*.js && mocha --exit spec/*.js spec/b.js" }),
    );
    const before = await project.test();
    await project.write({ "unit/new.test.js": passing("a new unit"), "spec/a.js": spec("a new spec") });
    const after = await project.test();
    assert.equal(after.counts.passed, 4);
    assert.deepEqual(after.parts, before.parts);
  });

  it("runs a new test by the step of the script that is for its folder, after the build before it", async () => {
    const project = await projectOf({
      "package.json": manifest({
        build: "mkdir -p dist && cp src/*.js dist",
        test: "npm run build && mocha spec/*.js && node --test unit/*.js",
      }),
      "src/add.js": "exports.add = (a, b) => a + b;\n",
      "unit/add.test.js":
        'const { add } = require("../dist/add.js");\nrequire("node:test").test("adds", () => { if (add(1, 2) !== 3) throw 1; });\n',
      "spec/b.js": spec("a spec"),
    });
    const report = await project.test({ files: ["unit/add.test.js"] });
    assert.deepEqual([report.runner, ...outline(report)], ["node:test", "unit/add.test.js > adds: passed"]);
  });

  it("builds what tests import when only the build script makes it", async () => {
    const project = await projectOf({
      "package.json": manifest({ build: "mkdir -p dist && cp src/*.js dist", test: "node --test" }),
      "src/add.js": "exports.add = (a, b) => a + b;\n",
      "test/add.test.js":
        'const { add } = require("../dist/add.js");\nrequire("node:test").test("adds", () => { if (add(1, 2) !== 3) throw 1; });\n',
    });
    assert.deepEqual(outline(await project.test()), ["test/add.test.js > adds: passed"]);
  });

  it("is told apart from the tests if a check before them fails, with or without the change", async () => {
    const project = await projectOf({
      "package.json": manifest({ test: "npm run lint && node --test unit/*.js", lint: "node check.js" }),
      "check.js": 'if (!require("node:fs").existsSync("clean")) throw new Error("unclean");\n',
      "unit/a.test.js": passing("a unit"),
    });
    const report = await project.test();
    assert.deepEqual(
      [report.without_own_command, ...outline(report)],
      [true, "unit/a.test.js > a unit: passed"],
    );
    assert.equal(report.errors[0]?.name, "npm test ended without running a test");
    assert.match(report.errors[0].message, /unclean/);
    await project.write({ clean: "" });
    assert.deepEqual((await project.test()).errors, []);
  });

  it("is not replaced if a program is not installed", async () => {
    const project = await projectOf({
      "package.json": manifest({ test: "no-such-check && node --test unit/*.js" }),
      "unit/a.test.js": passing("a unit"),
    });
    const report = await project.test();
    assert.deepEqual([report.tests.length, report.exit_code], [0, 127]);
    assert.match(report.environment?.problem ?? "", /no-such-check/);
  });

  it("says that the build failed, and no test", async () => {
    const project = await projectOf({
      "package.json": manifest({ pretest: "node -e 'console.log(1 +' ", test: "mocha spec/*.js" }),
      "spec/b.js": spec("a spec"),
    });
    const report = await project.test({ files: ["spec/b.js"] });
    assert.equal(report.outcome, "load_error");
    assert.match(report.load_errors[0]?.message ?? "", /SyntaxError/);
  });

  it("says that the time was up if it was up during the build", async () => {
    const project = await projectOf({
      "package.json": manifest({ pretest: "node -e 'setInterval(Date, 9)'", test: "mocha spec/*.js" }),
      "spec/b.js": spec("a spec"),
    });
    const report = await project.test({ files: ["spec/b.js"], timeout_seconds: 1 });
    assert.equal(report.outcome, "timed_out");
  });

  it("names the tests of a user's own command", async () => {
    const project = await projectOf(twoRunners({}));
    const report = await project.test({ command: "mocha spec/*.js", files: ["spec/b.js"] });
    assert.deepEqual(outline(report), ["spec/b.js > a spec: passed"]);
  });

  it("runs the packages of a workspace as npm does", async () => {
    const project = await projectOf({
      "package.json": manifest({ test: "npm test --workspaces" }, { workspaces: ["packages/*"] }),
      "packages/a/package.json": JSON.stringify({
        name: "a",
        version: "1.0.0",
        scripts: { test: "node --test" },
      }),
      "packages/a/a.test.js": passing("of a"),
      "packages/b/package.json": JSON.stringify({
        name: "b",
        version: "1.0.0",
        scripts: { test: "mocha b.js" },
      }),
      "packages/b/b.js": spec("of b"),
    });
    assert.deepEqual(outline(await project.test()), [
      "packages/a/a.test.js > of a: passed",
      "packages/b/b.js > of b: passed",
    ]);
  });

  it("gives each package's own tests where the tool of the workspace is not installed", async () => {
    const project = await projectOf({
      "package.json": manifest({ test: "no-such-monorepo-tool run test" }),
      "packages/a/package.json": JSON.stringify({ name: "a", scripts: { test: "node --test" } }),
      "packages/a/a.test.js": passing("of a"),
    });
    assert.deepEqual(outline(await project.test()), ["packages/a/a.test.js > of a: passed"]);
  });
});
