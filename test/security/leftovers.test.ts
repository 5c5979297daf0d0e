import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, it } from "mocha";
import type { Driver } from "../../server/instances/drivers/driver.ts";
import { probeSandbox } from "../../server/instances/drivers/local/confinement.ts";
import { builtWorker } from "../support/product.ts";
import type { ClaimedInstance } from "../../server/instances/pool.ts";
import { pools } from "../integration/instances/conformance.ts";
import { command, localDriver, never, type PoolUnderTest } from "../integration/instances/pool-harness.ts";
import { skipUnlessNull } from "../support/skip.ts";

const sandbox = await probeSandbox();

const places: readonly [place: string, driver: () => Driver, missing: string | null][] = [
  [
    "Local with bubblewrap",
    () => localDriver({ entry: builtWorker() }),
    "unavailable" in sandbox ? sandbox.unavailable : null,
  ],
  [
    "Local without a sandbox",
    () => localDriver({ entry: builtWorker(), sandbox: false }),
    process.platform === "win32" ? "the commands are those of a shell" : null,
  ],
];

for (const [place, driver, missing] of places)
  describe(`what a command leaves for the next run, ${place}`, function () {
    this.timeout(30_000);
    skipUnlessNull(this, missing);
    const start = pools(driver);
    let pool: PoolUnderTest;
    let instance: ClaimedInstance;
    const prepare = () => instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const run = async (line: string): Promise<string> =>
      (await instance.call("tests/run", command(line), never)).output.trim();
    beforeEach(async () => {
      pool = await start();
      await mkdir(join(pool.workspace, "src"));
      await writeFile(join(pool.workspace, "src/a.txt"), "the user's\n");
      instance = await pool.claim();
      await prepare();
    });

    it("has no configuration beside the copy, where runners look for theirs", async () => {
      const before = await run("ls -A ..");
      const names = ".mocharc.cjs pytest.ini conftest.py package.json .npmrc jest.config.js .babelrc tox.ini";
      await run(
        `cd .. && touch ${names} 'a b' && mkdir -p .git/hooks tests && ln -s /etc link && mkfifo pipe`,
      );
      await prepare();
      assert.equal(await run("ls -A .."), before);
    });

    it("has no folder that the worker cannot enter", async () => {
      await run("mkdir -p deep/er; touch deep/er/x; chmod 0 deep/er deep src ../.. 2>/dev/null; chmod 0 src");
      await prepare();
      assert.equal(await run("ls; cat src/a.txt"), "src\nthe user's");
    });

    it("has no file whose name is no text, and that a runner would still collect", async () => {
      await run(
        `for f in . src; do touch "$f/$(printf 'test_\\377.py')"; mkdir -m 0 "$f/$(printf '\\376')"; done`,
      );
      await prepare();
      assert.equal(await run("find . | sort"), ".\n./src\n./src/a.txt");
    });

    it("has no link in the place of the copy", async () => {
      await run(
        "mkdir ../other && echo taken > ../other/a.txt && mv ../workspace ../old && ln -s other ../workspace",
      );
      await prepare();
      assert.equal(
        await run("ls -A; cat src/a.txt; test -L ../workspace || echo own"),
        "src\nthe user's\nown",
      );
    });
  });
