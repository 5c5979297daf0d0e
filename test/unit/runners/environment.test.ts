import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { environmentProblem, missingProgram } from "../../../server/worker/runners/environment.ts";
import { detectRunner } from "../../../server/worker/runners/detect.ts";
import { testReport } from "../../support/reports.ts";
import { testWorkspace } from "../../support/workspace.ts";

const crashed = (output: string): TestReport =>
  testReport({ runner: "mocha", command: ["npm", "test"], outcome: "crashed", exit_code: 1, output });

describe("a broken environment", () => {
  const mends: [what: string, files: Record<string, string>, mend: string][] = [
    [
      "a lock file of npm",
      { "package.json": '{"devDependencies":{"jest":"1"}}', "package-lock.json": "{}" },
      "npm ci",
    ],
    [
      "one of pnpm",
      { "package.json": '{"devDependencies":{"jest":"1"}}', "pnpm-lock.yaml": "" },
      "pnpm install",
    ],
    ["none", { "package.json": '{"devDependencies":{"jest":"1"}}' }, "npm install"],
    [
      "a runner that the manifest does not name",
      { "package.json": '{"scripts":{"test":"vitest"}}' },
      "npm install --save-dev vitest",
    ],
  ];
  for (const [what, files, mend] of mends)
    it(`is mended by the project's own package manager: ${what}`, async () => {
      const workspace = await testWorkspace(files);
      const detected = detectRunner(workspace.root);
      assert.ok(detected !== null);
      const told = missingProgram(detected);
      await workspace.remove();
      assert.equal(told.mend, `Run \`${mend}\` in the project.`);
    });

  it("is told by what the runner said of its crash", () => {
    const told = environmentProblem(
      "/",
      crashed("> demo@1 test\n> mocha\n\nReading files\nError: bad configuration.\n"),
    );
    assert.equal(told?.problem, "`npm test` ended before its first test: Error: bad configuration");
  });

  it("is told by an environment file that tests miss", () => {
    const told = environmentProblem("/", crashed("> demo@1 test\nnode: .env.test: not found"));
    assert.match(told?.problem ?? "", /^\.env\.test is not in the private copy/);
  });

  it("is told by a dependency that is a link out of reach, though nothing ran yet", async () => {
    const workspace = await testWorkspace({ "package.json": '{"dependencies":{"core":"file:../core"}}' });
    await mkdir(join(workspace.root, "node_modules"));
    await symlink("../../core", join(workspace.root, "node_modules/core"));
    const told = environmentProblem(workspace.root, testReport({ outcome: "no_tests" }));
    await workspace.remove();
    assert.match(told?.problem ?? "", /core is a link to a folder outside/);
  });

  const empty = [
    'go: warning: "./..." matched no packages\nno packages to test',
    "Usage:\n  phpunit [options] <directory>",
    "  ✘ Couldn't find any files to test",
    "No tests found",
  ];
  for (const output of empty)
    it(`is not a project without tests: ${output.split("\n")[0] ?? ""}`, () => {
      assert.equal(environmentProblem("/", crashed(output)), null);
    });
});
