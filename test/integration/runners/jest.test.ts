import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TestProbe } from "../../../schemas/tests.ts";
import { makeProject, outline, type Project } from "./project.ts";

describe("jest", () => {
  let project: Project;
  before(async () => {
    project = await makeProject({
      "package.json":
        '{ "scripts": { "test": "npm run unit", "unit": "NODE_ENV=special jest --watch --coverage src" }, "jest": { "coverageThreshold": { "global": { "lines": 100 } } } }',
      "src/add.js": "exports.add = (a, b) => a + b;\nexports.unused = () => {\n  return 1;\n};\n",
      "src/add.test.js": `
const { add } = require("./add");
describe("add", () => {
  test("adds", () => expect(add(1, 2)).toBe(3));
  test("adds (a+b)", () => expect(add(2, 2)).toBe(5));
  test.skip("is left out", () => {});
  test("has the script's variables", () => expect(process.env.NODE_ENV).toBe("special"));
});
`,
      "lib/other.test.js": 'test("is not of the script\'s folder", () => {});\n',
    });
  });
  after(() => project.remove());

  it("reports every test of the script's folder, without watching", async () => {
    const report = await project.test();
    assert.equal(report.runner, "jest");
    assert.equal(report.outcome, "failed");
    assert.deepEqual(outline(report), [
      "src/add.test.js > add > adds (a+b): failed",
      "src/add.test.js > add > adds: passed",
      "src/add.test.js > add > has the script's variables: passed",
      "src/add.test.js > add > is left out: skipped",
    ]);
    const message = report.tests.find(({ status }) => status === "failed")?.message ?? "";
    assert.match(message, /Expected: 5\nReceived: 4/);
    assert.match(message, /src\/add\.test\.js:5/);
    assert.doesNotMatch(message, /node_modules|Prüfstück/);
    assert.equal(report.coverage, null);
  });

  it("runs only the tests of a name and a file", async () => {
    const report = await project.test({ files: ["src/add.test.js"], name: "add > adds (a+b)" });
    assert.deepEqual(outline(report), ["src/add.test.js > add > adds (a+b): failed"]);
  });

  it("tells files that cannot be loaded apart from failing tests", async () => {
    await project.write({ "src/broken.test.js": 'require("./nowhere");\ntest("x", () => {});\n' });
    const report = await project.test({ files: ["src/broken.test.js"] });
    assert.equal(report.outcome, "load_error");
    assert.equal(report.load_errors[0]?.file, "src/broken.test.js");
    assert.match(report.load_errors[0].message, /Cannot find module '\.\/nowhere'/);
  });

  it("does not write snapshots", async () => {
    await project.write({ "src/snap.test.js": 'test("x", () => expect({ a: 1 }).toMatchSnapshot());\n' });
    assert.equal((await project.test({ files: ["src/snap.test.js"] })).outcome, "failed");
    assert.ok(!existsSync(join(project.root, "src/__snapshots__")));
  });

  it("says that nothing ran when there is no such test", async () => {
    const named = await project.test({ files: ["src/add.test.js"], name: "no such name" });
    assert.equal(named.outcome, "no_tests");
    assert.equal((await project.test({ files: ["src/none.test.js"] })).outcome, "no_tests");
  });

  it("reads coverage, under the project's own threshold", async () => {
    const report = await project.test({ files: ["src/add.test.js"], name: "add > adds", coverage: true });
    assert.deepEqual(report.coverage?.files["src/add.js"], { covered: 2, total: 3 });
    assert.ok(!existsSync(join(project.root, "coverage")));
  });

  it("refuses the runner's assertions, and doubts those of the project", async () => {
    await project.write({
      "src/refused.test.js": `
expect.extend({ toBeOdd: (value) => ({ pass: value % 2 === 1, message: () => "even" }) });
test("is refused", () => expect(1).toBe(1));
test("is doubted", () => expect(1).toBeOdd());
test("throws", () => { throw new (require("node:assert").AssertionError)({ message: "no" }); });
test("passes", () => {});
`,
    });
    const probe = TestProbe.parse({ refuse_assertions: true });
    const report = await project.test({ files: ["src/refused.test.js"], probe });
    assert.deepEqual(
      report.tests.map(({ name, status, failure }) => [name, failure ?? status]),
      [
        ["is refused", "refused"],
        ["is doubted", "doubted"],
        ["throws", "assertion"],
        ["passes", "passed"],
      ],
    );
  });
});
