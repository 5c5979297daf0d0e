import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadSuite } from "../../../server/evaluation/suite.ts";
import { shippedPath } from "../../../server/platform/installation.ts";
import { testWorkspace } from "../../support/workspace.ts";

const suite = await loadSuite(shippedPath("evaluation"));

/** Runs the hidden tests of a task on its project, with some folders of it on top. */
const passes = async (folder: string, ...onTop: string[]): Promise<boolean> => {
  const place = await testWorkspace();
  try {
    for (const name of ["project", ...onTop, "hidden"])
      await cp(join(folder, name), place.root, { recursive: true });
    return await new Promise((resolve) => {
      // Mocha's own variables would make the runner think that it runs below another one.
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      execFile(process.execPath, ["--test"], { cwd: place.root, env, timeout: 20_000 }, (error) => {
        resolve(error === null);
      });
    });
  } finally {
    await place.remove();
  }
};

describe("the suite that ships", () => {
  for (const { name, folder, definition } of suite.tasks)
    if (definition.kind === "solve")
      it(`${name}: the hidden tests fail as it is, and pass when it is solved`, async () => {
        assert.equal(await passes(folder), false);
        assert.equal(await passes(folder, "solution"), true);
      });
    else
      it(`${name}: both versions differ in the lines of the defect alone`, async () => {
        const { path, start_line, end_line } = definition.defect;
        const [buggy = [], fixed = []] = await Promise.all(
          ["buggy", "fixed"].map(async (which) =>
            (await readFile(join(folder, which, path), "utf8")).split("\n"),
          ),
        );
        assert.equal(buggy.length, fixed.length);
        const different = buggy.flatMap((line, index) => (line === fixed[index] ? [] : [index + 1]));
        assert.ok(different.length > 0);
        assert.ok(different.every((line) => start_line <= line && line <= end_line));
      });

  it("has tasks of both kinds", () => {
    assert.deepEqual([...new Set(suite.tasks.map(({ definition }) => definition.kind))].sort(), [
      "review",
      "solve",
    ]);
  });
});

describe("a suite that is none", () => {
  const refused = async (files: Record<string, string>, problem: RegExp) => {
    const place = await testWorkspace(files);
    try {
      await assert.rejects(loadSuite(place.root), problem);
    } finally {
      await place.remove();
    }
  };

  it("is refused without a task", () =>
    refused({ "one/readme.md": "" }, /contains no folder with a task\.json/));
  it("is refused with a task that is no JSON, with its place", () =>
    refused({ "one/task.json": "{" }, /one\/task\.json is not valid/));
  it("is refused with a wrong field, with its place", () =>
    refused({ "one/task.json": '{"kind":"solve","taks":"x"}' }, /one\/task\.json is not valid: .*taks/));
  it("is refused without a folder of a task", () =>
    refused(
      { "one/task.json": '{"kind":"review","defect":{"path":"a","start_line":1,"end_line":1}}' },
      /a folder buggy\//,
    ));
});
