import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../../server/platform/make-folder.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

describe("making a folder", () => {
  let files: TestWorkspace;
  beforeEach(async () => {
    files = await testWorkspace({});
  });
  afterEach(() => files.remove());

  it("makes those above it, too, and leaves one that exists", () => {
    const folder = join(files.root, "a", "b", "c");
    makeFolder(folder, 0o700);
    makeFolder(folder, 0o700);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it("fails where a file is in the way", () => {
    const file = join(files.root, "file");
    writeFileSync(file, "");
    assert.throws(() => {
      makeFolder(join(file, "a"));
    });
    assert.throws(
      () => {
        makeFolder(file);
      },
      { code: "EEXIST" },
    );
  });

  if (existsSync("/proc/self"))
    it("fails below a folder that takes no entries, and does not try for ever", () => {
      assert.throws(
        () => {
          makeFolder("/proc/none/a/b");
        },
        { code: "ENOENT" },
      );
    });
});
