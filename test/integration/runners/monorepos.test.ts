import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { monorepoFolder, monorepos, monorepoTools } from "../../../scripts/machine/monorepos.ts";
import { privateCopy, type PrivateCopy } from "../../../server/worker/copy/copy.ts";
import { prepare } from "../../../server/worker/copy/prepare.ts";
import { runTests } from "../../../server/worker/runners/run-tests.ts";
import { runGit } from "../../support/git.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { outline } from "./project.ts";

const { signal } = new AbortController();
const source = 'const { add } = require("@shop/core");\nexports.total = (prices) => prices.reduce(add, 0);\n';
const testOf = (runner: string): string => `${runner}
const assert = require("node:assert");
const { total } = require("..");
it("adds all prices", () => assert.equal(total([1, 2]), 3));
`;
const nodeTest = testOf('const { it } = require("node:test");');

const installed = monorepoFolder();

describe("a private copy of a monorepo", function () {
  skipUnlessNull(this, installed === null ? "the monorepos are not installed" : null);
  let outer: string;

  beforeEach(async () => {
    outer = await realpath(await mkdtemp(join(tmpdir(), "coditect-test-")));
    // The tools are found as if they were installed above it.
    await symlink(monorepoTools, join(outer, "node_modules"));
  });
  afterEach(() => rm(outer, { recursive: true, force: true }));

  const copyOf = async (name: string, opened: string): Promise<PrivateCopy> => {
    const root = join(outer, "shop");
    await cp(join(installed ?? "", name), root, { recursive: true, verbatimSymlinks: true });
    await runGit(root, "init", "-q");
    const copy = privateCopy(join(root, opened), join(outer, "copy"));
    await prepare(copy, { overlays: [], changes: [] }, signal);
    return copy;
  };
  const run = async ({ root }: Pick<PrivateCopy, "root">, files: string[] | null): Promise<string[]> => {
    const request = { files, name: null, coverage: false, command: null, timeout_seconds: 60 };
    const report = await runTests(root, request, signal);
    assert.equal(report.environment, undefined);
    return outline(report);
  };

  for (const [name, { opened, package: ofPackage }] of Object.entries(monorepos))
    it(`is tested in ${opened === "" ? "the root" : "a package alone"}: ${name}`, async () => {
      const copy = await copyOf(name, opened);
      const place = (file: string): string => (opened === "" ? `packages/app/${file}` : file);
      const test = place("test/total.test.js");
      await mkdir(dirname(join(copy.root, test)), { recursive: true });
      await writeFile(join(copy.root, test), ofPackage === undefined ? nodeTest : testOf(""));
      assert.deepEqual(await run(copy, [test]), [`${test} > adds all prices: failed`]);
      await writeFile(join(copy.root, place("index.js")), source);
      assert.deepEqual(await run(copy, null), [`${test} > adds all prices: passed`]);
    });

  it("is tested to its end when a package fails that another one waits for: turborepo", async () => {
    const { root } = await copyOf("turborepo", "");
    const failing = 'require("node:test").it("fails", () => { throw 1; });\n';
    await writeFile(join(root, "turbo.json"), '{"tasks":{"test":{"dependsOn":["^test"]}}}');
    await writeFile(join(root, "packages/core/core.test.js"), failing);
    await writeFile(join(root, "packages/app/index.js"), source);
    await mkdir(join(root, "packages/app/test"));
    await writeFile(join(root, "packages/app/test/total.test.js"), nodeTest);
    assert.deepEqual(await run({ root }, null), [
      "packages/app/test/total.test.js > adds all prices: passed",
      "packages/core/core.test.js > fails: failed",
    ]);
  });
});
