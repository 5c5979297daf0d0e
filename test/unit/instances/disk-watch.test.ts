import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDiskWatch } from "../../../server/instances/instance/watch.ts";

const MB = 1024 ** 2;

describe("the watch over a folder's size on disk", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-disk-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("notices what was written before it looked for the first time", async () => {
    const watch = createDiskWatch(folder, 20);
    await writeFile(join(folder, "big"), Buffer.alloc(60 * MB, "x"));
    assert.deepEqual(await watch.look(), { kind: "limit", how: "too much on disk: 60 MB of 20 MB" });
  });

  it("says nothing of what stays below the cap", async () => {
    const watch = createDiskWatch(folder, 200);
    await writeFile(join(folder, "big"), Buffer.alloc(60 * MB, "x"));
    assert.equal(await watch.look(), null);
    assert.equal(Math.round(watch.usedMb ?? 0), 60);
  });
});
