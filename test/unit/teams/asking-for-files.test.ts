import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { FileChange } from "../../../schemas/changes.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { askingForFiles } from "../../../server/teams/stage/asking-for-files.ts";

const change: FileChange = {
  path: "src/bill.js",
  before: null,
  content: { encoding: "utf8", data: "" },
  executable: false,
};
const wanted = { files: null, coverage: false };

/** A ground whose tests need these files, with a change or without; the user opens those that are `granted`. */
const groundNeeding = (needed: { changed: string[]; original: string[] }, granted: readonly string[]) => {
  const opened: string[] = [];
  const done: string[] = [];
  let files: readonly string[] = [];
  const ground = askingForFiles({
    prepare: (changes) => {
      files = changes.length > 0 ? needed.changed : needed.original;
      done.push(changes.length > 0 ? "changed" : "original");
      return Promise.resolve();
    },
    runTests: () => {
      const closed_file = files.find((file) => !opened.includes(file));
      const report: TestReport = {
        runner: "node:test",
        command: ["node", "--test"],
        outcome: closed_file === undefined ? "passed" : "crashed",
        exit_code: 0,
        counts: { passed: 0, failed: 0, skipped: 0 },
        ...{ tests: [], load_errors: [], errors: [], parts: [], coverage: null, duration_ms: 1, output: "" },
        ...(closed_file !== undefined && { environment: { problem: "", mend: "", closed_file } }),
      };
      done.push(report.outcome);
      return Promise.resolve(report);
    },
    openFile: (path, command) => {
      done.push(`ask for ${path}, ${command}`);
      if (granted.includes(path)) opened.push(path);
      return Promise.resolve(granted.includes(path));
    },
  });
  return { ground, done };
};

describe("a run of tests that needs a file which may hold secrets", () => {
  it("asks for each one, and runs again", async () => {
    const files = [".env.test", ".env.ci"];
    const { ground, done } = groundNeeding({ changed: files, original: files }, files);
    await ground.prepare([]);
    assert.equal((await ground.runTests(wanted)).outcome, "passed");
    assert.deepEqual(done, [
      ...["original", "crashed", "ask for .env.test, node --test"],
      ...["original", "crashed", "ask for .env.ci, node --test"],
      ...["original", "passed"],
    ]);
  });

  it("asks where a change is tested, and runs again with the change", async () => {
    const files = [".env.test"];
    const { ground, done } = groundNeeding({ changed: files, original: files }, files);
    await ground.prepare([change]);
    assert.equal((await ground.runTests(wanted)).outcome, "passed");
    assert.deepEqual(done, [
      ...["changed", "crashed", "original", "crashed", "changed", "ask for .env.test, node --test"],
      ...["changed", "passed"],
    ]);
  });

  it("does not ask for one that the change alone needs", async () => {
    const { ground, done } = groundNeeding({ changed: [".env.secret"], original: [] }, [".env.secret"]);
    await ground.prepare([change]);
    for (let run = 0; run < 2; run += 1) assert.equal((await ground.runTests(wanted)).outcome, "crashed");
    assert.deepEqual(done, ["changed", "crashed", "original", "passed", "changed", "crashed"]);
  });

  it("does not ask twice for one that the user denied", async () => {
    const files = [".env.test"];
    const { ground, done } = groundNeeding({ changed: files, original: files }, []);
    await ground.prepare([]);
    for (let run = 0; run < 2; run += 1) assert.equal((await ground.runTests(wanted)).outcome, "crashed");
    assert.deepEqual(done, ["original", "crashed", "ask for .env.test, node --test", "crashed"]);
  });

  it("asks for a file for tests that failing tests may need without naming it, and once", async () => {
    for (const isGranted of [true, false]) {
      const done: string[] = [];
      let isOpen = false;
      const ground = askingForFiles(
        {
          prepare: () => Promise.resolve(),
          runTests: () => {
            const failed = isOpen ? 0 : 1;
            done.push(`${failed} failed`);
            return Promise.resolve({
              runner: "node:test",
              command: ["node", "--test"],
              outcome: isOpen ? "passed" : "failed",
              exit_code: failed,
              counts: { passed: 1 - failed, failed, skipped: 0 },
              ...{
                tests: [],
                load_errors: [],
                errors: [],
                parts: [],
                coverage: null,
                duration_ms: 1,
                output: "",
              },
            });
          },
          openFile: (path) => {
            done.push(path);
            isOpen = isGranted;
            return Promise.resolve(isGranted);
          },
        },
        ({ counts }) => (counts.failed > 0 ? [".env.test"] : []),
      );
      await ground.prepare([]);
      await ground.runTests(wanted);
      await ground.runTests(wanted);
      const again = isGranted ? ["0 failed", "0 failed"] : ["1 failed"];
      assert.deepEqual(done, ["1 failed", ".env.test", ...again]);
      // An agent's change that fails opens no file.
      await ground.prepare([change]);
      await ground.runTests(wanted);
      assert.equal(done.filter((each) => each === ".env.test").length, 1);
    }
  });
});
