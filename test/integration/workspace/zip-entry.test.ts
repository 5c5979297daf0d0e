import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readZipEntry } from "../../../server/workspace/zip-entry.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

describe("readZipEntry", () => {
  let workspace: TestWorkspace;

  afterEach(() => workspace.remove());

  it("reads a file of an archive, stored or compressed, and nothing of what is none", async () => {
    workspace = await testWorkspace({ broken: "PK\u0005\u0006" });
    const { root } = workspace;
    const make = `
import zipfile
for kind, name in ((zipfile.ZIP_STORED, "stored.zip"), (zipfile.ZIP_DEFLATED, "deflated.zip")):
    with zipfile.ZipFile(name, "w", kind) as archive:
        archive.writestr("node_modules/other/package.json", "{}")
        archive.writestr("node_modules/tool/package.json", '{"name": "tool"}' * 9)
`;
    execFileSync("python3", ["-c", make], { cwd: root });
    const name = "node_modules/tool/package.json";
    for (const file of ["stored.zip", "deflated.zip"])
      assert.equal(readZipEntry(join(root, file), name)?.toString(), '{"name": "tool"}'.repeat(9));
    assert.equal(readZipEntry(join(root, "stored.zip"), "tool"), null);
    assert.equal(readZipEntry(join(root, "broken"), name), null);
    assert.equal(readZipEntry(join(root, "none.zip"), name), null);
  });
});
