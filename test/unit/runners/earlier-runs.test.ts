import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { forgetEarlierRuns } from "../../../server/worker/runners/earlier-runs.ts";
import { testWorkspace } from "../../support/workspace.ts";

const installed = { "node_modules/wireit/package.json": '{"name":"wireit"}' };
const remembered = {
  ".gitignore": ".wireit\n",
  "package.json": "{}",
  ".wireit/74657374/fingerprint": "{}",
  "packages/core/package.json": "{}",
  "packages/core/.wireit/74657374/fingerprint": "{}",
};

describe("forgetEarlierRuns", () => {
  const remainingIn = async (files: Record<string, string>): Promise<string[]> => {
    const workspace = await testWorkspace(files);
    try {
      await forgetEarlierRuns(workspace.root, workspace.root);
      return Object.keys(files).filter((path) => existsSync(join(workspace.root, path)));
    } finally {
      await workspace.remove();
    }
  };

  it("removes what wireit remembers, in each package", async () => {
    const remaining = await remainingIn({ ...installed, ...remembered });
    assert.deepEqual(remaining, [
      "node_modules/wireit/package.json",
      ".gitignore",
      "package.json",
      "packages/core/package.json",
    ]);
  });

  it("leaves the folders of a project without wireit", async () => {
    assert.deepEqual(await remainingIn(remembered), Object.keys(remembered));
  });
});
