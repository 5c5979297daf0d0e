import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { findProgram } from "../../server/workspace/find-program.ts";
import { runCommand } from "../support/command.ts";
import { runGit } from "../support/git.ts";
import { skipUnlessNull } from "../support/skip.ts";
import { type TestWorkspace, testWorkspace } from "../support/workspace.ts";

/**
 * Programs that a repository brings under the names of the system's own, and that Claude Code and others
 * started for the asking (CVE-2025-59041 and issues of the kind: a file `git` in the folder it was opened in).
 */
describe("programs that a repository brings under a name of the system's", function () {
  this.timeout(60_000);
  skipUnlessNull(this, process.platform === "win32" ? "the programs are scripts of a shell" : null);
  let workspace: TestWorkspace;
  let mark: string;
  beforeEach(async () => {
    workspace = await testWorkspace({ "src/a.ts": "export const a = 1;\n" });
    mark = join(workspace.root, "it-ran");
    await runGit(workspace.root, "init", "-q");
    await runGit(workspace.root, "add", ".");
    await runGit(workspace.root, "commit", "-qm", "one");
    await workspace.write("src/a.ts", "export const a = 2;\n");
  });
  afterEach(() => workspace.remove());

  const plant = async (folder: string): Promise<void> => {
    await mkdir(join(workspace.root, folder), { recursive: true });
    for (const name of ["git", "bwrap", "prlimit", "setpriv", "ps", "sh", "npm", "ssh"]) {
      const file = join(workspace.root, folder, name);
      await writeFile(file, `#!/bin/sh\necho ${name} >> ${mark}\n`);
      await chmod(file, 0o755);
    }
  };
  const review = (path: string) =>
    runCommand(["run", "review", "--diff", "HEAD", "--provider", "rehearsal", "--json"], {
      folder: workspace.root,
      environment: { PATH: `${path}${delimiter}${process.env.PATH ?? ""}` },
    });

  const places: readonly [what: string, folder: string, path: () => string][] = [
    ["the working folder, where PATH has a dot", ".", () => "."],
    ["the working folder, where PATH has an empty part", ".", () => ""],
    ["a relative folder of PATH", "bin", () => "bin"],
    [
      "its installed packages, as npx and npm run set PATH",
      "node_modules/.bin",
      () => join(workspace.root, "node_modules/.bin"),
    ],
  ];
  for (const [what, folder, path] of places)
    it(`are not started from ${what}`, async () => {
      await plant(folder);
      const { stderr, exit_code } = await review(path());
      assert.notEqual(exit_code, 2, stderr);
      assert.equal(existsSync(mark), false, "a program of the repository ran");
    });

  it("are found where the user installed them, also through a link", async () => {
    const tools = await testWorkspace({ "real/tool": "#!/bin/sh\n" });
    await chmod(join(tools.root, "real/tool"), 0o755);
    await mkdir(join(tools.root, "bin"));
    await symlink(join(tools.root, "real/tool"), join(tools.root, "bin/tool"));
    const path = ["relative", "", join(tools.root, "missing"), join(tools.root, "bin")].join(delimiter);
    assert.equal(findProgram("tool", workspace.root, path), join(tools.root, "bin/tool"));
    assert.equal(findProgram("tool", tools.root, path), null);
    assert.equal(findProgram("bin", null, dirname(join(tools.root, "bin"))), null, "a folder is no program");
    await tools.remove();
  });
});
