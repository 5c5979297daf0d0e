import assert from "node:assert/strict";
import { join } from "node:path";
import { packageTestCommand } from "../../../server/worker/runners/package-script.ts";
import { restoreEnvironment } from "../../support/environment.ts";
import { testWorkspace } from "../../support/workspace.ts";

const scripts = { test: "wireit" };

describe("packageTestCommand", () => {
  const shapes: [what: string, files: Record<string, string>, folder: string, agent: RegExp][] = [
    ["npm", { "package.json": JSON.stringify({ scripts }) }, "", /^npm\/\? node\/v\d/],
    [
      "yarn 1",
      { "package.json": JSON.stringify({ scripts }), "yarn.lock": "" },
      "",
      /^yarn\/1\.22\.0 npm\/\? node\/v\d/,
    ],
    [
      "yarn 4",
      { "package.json": JSON.stringify({ scripts }), "yarn.lock": "", ".yarnrc.yml": "" },
      "",
      /^yarn\/4\.0\.0 npm\/\? /,
    ],
    [
      "the pnpm that the root names",
      {
        "package.json": '{ "packageManager": "pnpm@9.15.4+sha512.ab" }',
        "pnpm-lock.yaml": "",
        "packages/core/package.json": JSON.stringify({ scripts }),
      },
      "packages/core",
      /^pnpm\/9\.15\.4 npm\/\? /,
    ],
  ];
  for (const [what, files, folder, agent] of shapes)
    it(`names ${what} to the tools that the script starts`, async () => {
      const workspace = await testWorkspace(files);
      try {
        const command = packageTestCommand(join(workspace.root, folder));
        assert.match(command?.env.npm_config_user_agent ?? "", agent);
      } finally {
        await workspace.remove();
      }
    });

  it("keeps npm and pnpm from the network only where there is none", async () => {
    const own = JSON.stringify({ scripts });
    const workspace = await testWorkspace({
      "package.json": own,
      "by-pnpm/package.json": own,
      "by-pnpm/pnpm-lock.yaml": "",
    });
    const before = { ...process.env };
    const { CODITECT_CONFINED: _, HTTPS_PROXY: __, ...plain } = before;
    const offlineWith = (environment: Record<string, string>): (string | undefined)[] => {
      restoreEnvironment({ ...plain, ...environment });
      const env = packageTestCommand(join(workspace.root, "by-pnpm"))?.env;
      // npm warns of a variable that only pnpm knows.
      assert.ok(
        !Object.keys(packageTestCommand(workspace.root)?.env ?? {}).some((name) => name.includes("manage")),
      );
      return [env?.npm_config_offline, env?.npm_config_manage_package_manager_versions];
    };
    try {
      const none = [undefined, undefined];
      assert.deepEqual(offlineWith({ CODITECT_CONFINED: "1" }), ["true", "false"]);
      assert.deepEqual(offlineWith({ CODITECT_CONFINED: "1", HTTPS_PROXY: "http://127.0.0.1:3128" }), none);
      assert.deepEqual(offlineWith({}), none);
    } finally {
      restoreEnvironment(before);
      await workspace.remove();
    }
  });
});
