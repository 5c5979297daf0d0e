import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { privateCopy, recordChange, type PrivateCopy } from "../../../server/worker/copy/copy.ts";
import { writeChange } from "../../../server/worker/copy/files.ts";
import { prepare } from "../../../server/worker/copy/prepare.ts";
import { stalePackages } from "../../../server/worker/copy/stale.ts";
import { runTests } from "../../../server/worker/runners/run-tests.ts";
import { toFileContent } from "../../../server/workspace/encoding.ts";
import { runGit } from "../../support/git.ts";
import { clear, temporaryFolder, writeTree } from "./tree.ts";

const { signal } = new AbortController();
const build = "node -e \"require('fs').cpSync('src', 'dist', { recursive: true })\"";
const built = (name: string, more: object = {}): string =>
  JSON.stringify({ name, main: "dist/index.js", scripts: { build, test: "node --test" }, ...more });
const test = (imported: string): string =>
  `const value = require(${JSON.stringify(imported)});\nrequire("node:test")("is 2", () => { if (value !== 2) throw new Error("it is " + value); });\n`;

/** `app` uses `core` by its name. Git ignores the `dist` folder of `core`, and the user built it. */
const siblings = {
  ".gitignore": "dist/\nnode_modules\n",
  "package.json": '{ "workspaces": ["packages/*"], "scripts": { "test": "npm test --workspaces" } }',
  "packages/core/package.json": built("core"),
  "packages/core/src/index.js": "module.exports = 1;\n",
  "packages/core/dist/index.js": "module.exports = 1;\n",
  "packages/app/package.json": JSON.stringify({
    name: "app",
    dependencies: { core: "1" },
    scripts: { test: "node --test" },
  }),
  "packages/app/app.test.js": test("core"),
};

describe("what packages are built to", () => {
  let place: string;
  beforeEach(() => {
    place = temporaryFolder("stale");
  });
  afterEach(() => {
    clear(place);
  });

  const copyOf = async (files: Record<string, string>, links: Record<string, string> = {}) => {
    const source = join(place, "source");
    writeTree(source, files);
    mkdirSync(join(source, "node_modules"), { recursive: true });
    for (const [name, target] of Object.entries(links))
      symlinkSync(target, join(source, "node_modules", name));
    await runGit(source, "init", "-q");
    const copy = privateCopy(source, join(place, "copy"));
    await prepare(copy, { overlays: [], changes: [] }, signal);
    return copy;
  };
  const write = (copy: PrivateCopy, path: string, text: string): void => {
    const content = toFileContent(Buffer.from(text));
    const change = { path, before: null, content, executable: false };
    writeChange(copy.root, change);
    recordChange(copy, change);
  };
  const run = (copy: PrivateCopy, files: string[]): Promise<TestReport> => {
    const request = { files, name: null, coverage: false, command: null, timeout_seconds: 30 };
    return runTests(copy.root, request, signal, stalePackages(copy));
  };

  it("is built again for the tests of a sibling when its source changed, once for each change", async () => {
    const copy = await copyOf(siblings, { core: "../packages/core" });
    const files = ["packages/app/app.test.js"];
    assert.equal((await run(copy, files)).outcome, "failed");
    write(copy, "packages/core/src/index.js", "module.exports = 2;\n");
    assert.equal((await run(copy, files)).outcome, "passed");
    assert.deepEqual(stalePackages(copy).folders, []);
    write(copy, "packages/core/src/index.js", "module.exports = 3;\n");
    assert.deepEqual(stalePackages(copy).folders, [join(copy.root, "packages/core")]);
  });

  it("is told to be broken when the build fails, at each run", async () => {
    const core = built("core", { scripts: { build: "node -e 'throw new Error(\"no build\")'" } });
    const copy = await copyOf(
      { ...siblings, "packages/core/package.json": core },
      { core: "../packages/core" },
    );
    write(copy, "packages/core/src/index.js", "module.exports = 2;\n");
    for (let round = 0; round < 2; round += 1) {
      const report = await run(copy, ["packages/app/app.test.js"]);
      // The tests still run, with the output of the earlier build.
      assert.deepEqual([report.outcome, report.counts.failed], ["failed", 1]);
      assert.deepEqual(
        report.errors.map(({ name, message }) => [name, message.includes("no build")]),
        [["npm run build in packages/core failed", true]],
      );
    }
  });

  it("is built for the state of the workspace if its sources were touched, with or without the tests", async () => {
    const newer = { ...siblings, "packages/core/src/index.js": "module.exports = 2;\n" };
    const copy = await copyOf(newer, { core: "../packages/core" });
    const touched = ["packages/core/src/index.js"];
    const request = { files: null, name: null, coverage: false, command: null, timeout_seconds: 30 };
    const builds = () =>
      runTests(copy.root, { ...request, builds_only: true }, signal, stalePackages(copy, touched));
    assert.deepEqual([(await builds()).outcome, (await builds()).errors], ["no_tests", []]);
    assert.equal((await run(copy, ["packages/app/app.test.js"])).outcome, "passed");
  });

  it("counts if the build fails but writes its output", async () => {
    const core = built("core", { scripts: { build: `${build} && exit 2` } });
    const copy = await copyOf(
      { ...siblings, "packages/core/package.json": core },
      { core: "../packages/core" },
    );
    write(copy, "packages/core/src/index.js", "module.exports = 2;\n");
    const report = await run(copy, ["packages/app/app.test.js"]);
    assert.deepEqual([report.outcome, report.counts.passed, report.errors.length], ["passed", 1, 1]);
  });

  const own = (imported: string): Record<string, string> => ({
    ".gitignore": "dist/\n",
    "package.json": built("lib"),
    "src/index.js": "module.exports = 1;\n",
    "dist/index.js": "module.exports = 1;\n",
    "test/a.test.js": test(imported),
  });

  it("is built again by the script that builds it, whatever its name", async () => {
    const scripts = { prepare: build, test: "node --test" };
    const copy = await copyOf({ ...own(".."), "package.json": built("lib", { scripts }) });
    write(copy, "src/index.js", "module.exports = 2;\n");
    assert.equal((await run(copy, ["test/a.test.js"])).outcome, "passed");
  });

  it("is left to a test script that builds it first", async () => {
    const scripts = { build, test: "npm run build && node --test" };
    const copy = await copyOf({ ...own("../dist/index.js"), "package.json": built("lib", { scripts }) });
    write(copy, "src/index.js", "module.exports = 2;\n");
    assert.deepEqual(stalePackages(copy).folders, []);
    assert.equal((await run(copy, ["test/a.test.js"])).outcome, "passed");
  });

  it("is built again for a package's own tests when they read it, and not otherwise", async () => {
    const reads = await copyOf(own("../dist/index.js"));
    write(reads, "src/index.js", "module.exports = 2;\n");
    assert.equal((await run(reads, ["test/a.test.js"])).outcome, "passed");
    clear(place);
    const doesNot = await copyOf(own("../src/index.js"));
    write(doesNot, "src/index.js", "module.exports = 2;\n");
    assert.deepEqual(stalePackages(doesNot).folders, []);
  });

  it("is built only if tests miss it, when the user never built it", async () => {
    const { "dist/index.js": _, ...files } = own("../src/index.js");
    const copy = await copyOf({
      ...files,
      "package.json": built("lib", { scripts: { build: "exit 1", test: "node --test" } }),
      "test/b.test.js": 'const place = "../dist/index.js";\nrequire("node:test")("names it", () => place);\n',
    });
    write(copy, "src/index.js", "module.exports = 2;\n");
    assert.equal((await run(copy, ["test/a.test.js", "test/b.test.js"])).outcome, "passed");
  });
});
