import assert from "node:assert/strict";
import { makeProject, outline, type Project } from "./project.ts";

const passing = 'const { test } = require("node:test");\ntest("adds", () => {});\n';
const manifest = (test: string): string => JSON.stringify({ name: "shop", scripts: { test } });

/** Commands that succeed without running a test if nothing has changed since an earlier run. */
describe("a test command that remembers its last result", () => {
  const open: Project[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((project) => project.remove()));
  });
  const projectOf = async (files: Record<string, string>): Promise<Project> => {
    const project = await makeProject(files);
    open.push(project);
    return project;
  };
  const makefile = "test: .tested\n.tested: a.test.js\n\tnode --test a.test.js\n\ttouch .tested\n";

  it("runs the tests again with make", async () => {
    const project = await projectOf({
      "package.json": manifest("make test"),
      Makefile: makefile,
      "a.test.js": passing,
      ".tested": "",
    });
    const first = await project.test();
    const second = await project.test();
    assert.deepEqual(
      [outline(first), outline(second)],
      [["a.test.js > adds: passed"], ["a.test.js > adds: passed"]],
    );
    await project.write({ "a.test.js": passing.replace("{}", "{ throw 1; }"), ".tested": "" });
    assert.equal((await project.test()).outcome, "failed");
  });

  it("does not pass without its tests if it ran them before", async () => {
    const project = await projectOf({
      "check.sh": "test -e .tested || { node --test a.test.js && touch .tested; }\n",
      "a.test.js": passing,
    });
    const command = "sh check.sh";
    assert.equal((await project.test({ command })).outcome, "passed");
    const second = await project.test({ command });
    assert.deepEqual([second.outcome, second.counts.passed], ["failed", 0]);
    assert.deepEqual(
      second.errors.map(({ name }) => name),
      ["/bin/sh -c sh check.sh ended with exit code 0 without running a test, although it ran tests before"],
    );
  });

  it("passes without its tests if it ran none at first, because it selects what has changed", async () => {
    const project = await projectOf({
      "check.sh": "grep -q none changed || node --test a.test.js\n",
      changed: "none",
      "a.test.js": passing,
    });
    const command = "sh check.sh";
    assert.equal((await project.test({ command })).outcome, "passed");
    await project.write({ changed: "a.js" });
    assert.deepEqual(outline(await project.test({ command })), ["a.test.js > adds: passed"]);
    await project.write({ changed: "none" });
    assert.equal((await project.test({ command })).outcome, "passed");
  });

  it("passes with a program of its own that never names a test", async () => {
    const project = await projectOf({
      Makefile: "test:\n\ttrue\n",
      "a.test.js": passing,
      "package.json": manifest("make test"),
    });
    assert.equal((await project.test()).outcome, "passed");
    assert.equal((await project.test()).outcome, "passed");
  });
});
