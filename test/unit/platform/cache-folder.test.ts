import assert from "node:assert/strict";
import { existsSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../../../server/platform/cache-folder.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

(process.platform === "linux" ? describe : describe.skip)("the folder of caches", () => {
  const { HOME, XDG_CACHE_HOME } = process.env;
  let files: TestWorkspace;
  beforeEach(async () => {
    files = await testWorkspace({});
  });
  afterEach(async () => {
    if (HOME === undefined) delete process.env.HOME;
    else process.env.HOME = HOME;
    if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
    await files.remove();
  });

  it("is where the environment says", () => {
    process.env.XDG_CACHE_HOME = join(files.root, "caches");
    assert.equal(cacheFolder(), join(files.root, "caches", "coditect-agents"));
    assert.ok(existsSync(cacheFolder()));
  });

  it("is a private folder among the temporary folders if a file is in the way", () => {
    const file = join(files.root, "file");
    writeFileSync(file, "");
    process.env.XDG_CACHE_HOME = file;
    const folder = cacheFolder();
    assert.ok(realpathSync(folder).startsWith(realpathSync(tmpdir())), folder);
    assert.equal(statSync(folder).mode & 0o077, 0);
  });

  it("is below the home folder if the environment names a relative path", () => {
    process.env.XDG_CACHE_HOME = "relative";
    process.env.HOME = files.root;
    assert.equal(cacheFolder(), join(files.root, ".cache", "coditect-agents"));
    assert.equal(existsSync("relative"), false);
  });
});
