import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

const mocha = createRequire(import.meta.url).resolve("mocha/bin/mocha.js");
const root = join(import.meta.dirname, "..", "..", "..");
const Counts = z.object({
  passed: z.number(),
  failures: z.array(z.object({ title: z.string(), error: z.string() })),
  skipped: z.array(z.object({ title: z.string(), reason: z.string() })),
});

describe("a suite of tests that cannot be set up", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "coditect-hooks-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** What `npm test` counts of a file of tests with this text. */
  const countsOf = (text: string): z.infer<typeof Counts> => {
    const [file, counts] = [join(folder, "some.test.mjs"), join(folder, "counts")];
    writeFileSync(file, text);
    const scripts = ["--require", join(root, "scripts/mocha-hooks.mjs")];
    const reporter = ["--reporter", join(root, "scripts/mocha-reporter.mjs")];
    const args = [mocha, file, ...scripts, ...reporter];
    spawnSync(process.execPath, args, { cwd: folder, env: { ...process.env, COUNTS_FILE: counts } });
    return Counts.parse(JSON.parse(readFileSync(counts, "utf8")));
  };

  it("fails once, although its tear-down finds nothing", () => {
    const { passed, failures } = countsOf(`
      describe("broken", () => {
        let server;
        before(() => { throw new Error("no server"); });
        after(() => server.close());
        it("is not reached", () => {});
      });
      describe("whole", () => { it("passes", () => {}); });
    `);
    assert.deepEqual([passed, failures.length], [1, 1]);
    assert.match(failures[0]?.error ?? "", /^Error: no server\n/);
  });

  it("still fails when only its tear-down does", () => {
    const { passed, failures } = countsOf(`
      describe("left behind", () => {
        after(() => { throw new Error("still running"); });
        it("passes", () => {});
      });
    `);
    assert.deepEqual([passed, failures.length], [1, 1]);
    assert.match(failures[0]?.error ?? "", /^Error: still running\n/);
  });

  it("is skipped with its hooks and says why, where a part of the machine is missing", () => {
    const skip = pathToFileURL(join(root, "test/support/skip.ts")).href;
    const counts = countsOf(`
      import { skipUnlessNull } from ${JSON.stringify(skip)};
      describe("in an editor", function () {
        skipUnlessNull(this, "there is no editor");
        let folder;
        before(() => { throw new Error("was set up"); });
        after(() => folder.remove());
        it("shows a run", () => {});
      });
    `);
    const skipped = [{ title: "in an editor shows a run", reason: "there is no editor" }];
    assert.deepEqual(counts, { passed: 0, failures: [], skipped });
  });
});
