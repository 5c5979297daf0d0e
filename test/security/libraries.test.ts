import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, it } from "mocha";
import { root } from "../support/command.ts";
import { type TestWorkspace, testWorkspace } from "../support/workspace.ts";

/**
 * Libraries of the runtime that look for a project's configuration and run it, as code formatters and
 * linters of editors did when a folder was opened (CVE-2021-26701 and others of the kind).
 */
describe("a repository's configuration for the libraries that we use", function () {
  this.timeout(60_000);
  let workspace: TestWorkspace;
  let outside: TestWorkspace;
  let mark: string;
  beforeEach(async () => {
    workspace = await testWorkspace({ "src/a.js": "export const a = (b) => b > 1;\n" });
    outside = await testWorkspace();
    mark = join(workspace.root, "it-ran");
  });
  afterEach(async () => {
    await workspace.remove();
    await outside.remove();
  });

  const program = (): string =>
    `require("fs").writeFileSync(${JSON.stringify(mark)}, "");\nmodule.exports = ["last 1 version"];\n`;

  /** Mutates a change as the gates do, in a process that was started in the workspace. */
  const mutants = async (...paths: string[]): Promise<number> => {
    const text = "export const a = (b) => b > 1;\n";
    const request = JSON.stringify(paths.map((path) => ({ path, text, ranges: [{ from: 1, to: 1 }] })));
    const code = `import { mutate } from ${JSON.stringify(join(root, "server/teams/gates/mutation.ts"))};
      const found = await mutate(${request}, new AbortController().signal);
      console.log(found.mutants.length);`;
    await outside.write("mutate.mjs", code);
    const { stdout } = await promisify(execFile)(process.execPath, [join(outside.root, "mutate.mjs")], {
      cwd: workspace.root,
    });
    return Number(stdout.trim());
  };

  it("runs no package that tells which browsers a project is for", async () => {
    const name = "browserslist-config-evil";
    await workspace.write("package.json", JSON.stringify({ browserslist: [`extends ${name}`] }));
    await workspace.write(`node_modules/${name}/index.js`, program());
    assert.ok((await mutants("src/a.js", "src/a.ts")) > 0);
    assert.equal(existsSync(mark), false, "a package of the repository ran in the runtime");
  });

  it("runs no configuration of Babel", async () => {
    for (const file of [
      "babel.config.js",
      "babel.config.cjs",
      ".babelrc.js",
      ".babelrc.cjs",
      "src/.babelrc.js",
    ])
      await workspace.write(file, program());
    assert.ok((await mutants("src/a.js", "src/a.mjs")) > 0);
    assert.equal(existsSync(mark), false, "a configuration of the repository ran in the runtime");
  });
});
