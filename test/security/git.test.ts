import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { findGit } from "../../server/workspace/git.ts";
import { plainDiff, callGit } from "../../server/workspace/run-git.ts";
import { runGit } from "../support/git.ts";
import { rejectsWith } from "../support/rejects.ts";
import { type TestWorkspace, testWorkspace } from "../support/workspace.ts";

const { signal } = new AbortController();

describe("git on a hostile repository", function () {
  this.timeout(20_000);
  let outside: TestWorkspace;
  let workspace: TestWorkspace;
  let program: string;
  let mark: string;
  beforeEach(async () => {
    outside = await testWorkspace();
    mark = join(outside.root, "it-ran");
    program = join(outside.root, "program.sh");
    await writeFile(program, `#!/bin/sh\ntouch ${mark}\ncat "$@" 2>/dev/null\nexit 0\n`);
    await chmod(program, 0o755);
    workspace = await testWorkspace({ "a.txt": "one\n", "b.bin": "one\n" });
    await runGit(workspace.root, "init", "-q");
    await runGit(workspace.root, "add", ".");
    await runGit(workspace.root, "commit", "-qm", "one");
    await workspace.write("a.txt", "two\n");
    await workspace.write("b.bin", "two\n");
  });
  afterEach(async () => {
    await workspace.remove();
    await outside.remove();
  });
  const config = (name: string, value: string) => runGit(workspace.root, "config", name, value);
  const diff = (folder = workspace.root) =>
    callGit(["diff", ...plainDiff, "--relative", "--end-of-options", "HEAD", "--"], { folder, signal });

  const attacks: Record<string, () => Promise<unknown>> = {
    "a file system monitor": () => config("core.fsmonitor", program),
    "a clean filter": async () => {
      await config("filter.evil.clean", program);
      await workspace.write(".gitattributes", "*.txt filter=evil\n");
    },
    "a filter process that is required": async () => {
      await config("filter.evil.process", program);
      await config("filter.evil.required", "true");
      await workspace.write(".gitattributes", "*.txt filter=evil\n");
    },
    "a filter with dots and quotes in its name": async () => {
      await config('filter.a.b"c.clean', program);
      await workspace.write(".gitattributes", '*.txt filter=a.b"c\n');
    },
    "a filter whose name is empty": async () => {
      await config("filter..clean", program);
      await workspace.write(".gitattributes", "*.txt filter=\n");
    },
    "a text conversion": async () => {
      await config("diff.evil.textconv", program);
      await workspace.write(".gitattributes", "*.bin diff=evil\n");
    },
    "a diff driver's command": async () => {
      await config("diff.evil.command", program);
      await workspace.write(".gitattributes", "*.bin diff=evil\n");
    },
    "an external diff": () => config("diff.external", program),
    "a pager": () => config("core.pager", program),
    "an included file": async () => {
      await workspace.write(
        "more.config",
        `[core]\n\tfsmonitor = ${program}\n[filter "x"]\n\tclean = ${program}\n`,
      );
      await config("include.path", "../more.config");
      await workspace.write(".gitattributes", "*.txt filter=x\n");
    },
    "attributes of the repository's own folder": async () => {
      await config("filter.evil.clean", program);
      await workspace.write(".git/info/attributes", "*.txt filter=evil\n");
    },
    "a hook": async () => {
      await symlink(program, join(workspace.root, ".git/hooks/post-index-change"));
    },
    "objects that a program would fetch": async () => {
      await config("extensions.partialClone", "origin");
      await config("remote.origin.promisor", "true");
      await config("remote.origin.url", `ext::${program}`);
      await config("protocol.ext.allow", "always");
    },
  };
  for (const [name, prepare] of Object.entries(attacks))
    it(`runs nothing for ${name}`, async () => {
      await prepare();
      const shown = await diff().catch(() => "");
      assert.equal(existsSync(mark), false, "a program of the repository ran");
      if (name !== "objects that a program would fetch") assert.match(shown, /\+two/);
    });

  it("shows no other folder that its configuration names as the working tree", async () => {
    await outside.write("a.txt", "the user's own\n");
    await config("core.worktree", outside.root);
    assert.doesNotMatch(await diff(), /the user's own/);
  });

  it("is not another repository that a .git file or link leads to", async () => {
    const visitor = await testWorkspace({ "a.txt": "mine\n" });
    await writeFile(join(visitor.root, ".git"), `gitdir: ${join(workspace.root, ".git")}\n`);
    await assert.rejects(diff(visitor.root));
    const linked = await testWorkspace({ "a.txt": "mine\n" });
    await symlink(join(workspace.root, ".git"), join(linked.root, ".git"));
    await assert.rejects(diff(linked.root));
    await visitor.remove();
    await linked.remove();
  });

  // CVE-2026-55607: a working tree that says it belongs to another repository.
  const borrowed: Record<string, (own: TestWorkspace) => Promise<void>> = {
    "a folder that others share": (own) => own.write(".git/commondir", join(workspace.root, ".git")),
    "links to another one's objects and branches": async (own) => {
      for (const name of ["objects", "refs"]) {
        await rm(join(own.root, ".git", name), { recursive: true });
        await symlink(join(workspace.root, ".git", name), join(own.root, ".git", name));
      }
    },
    "a linked working tree of its own making": async (own) => {
      await rm(join(own.root, ".git"), { recursive: true });
      await own.write(".git", "gitdir: fake\n");
      await own.write("fake/gitdir", `${join(own.root, ".git")}\n`);
      await own.write("fake/commondir", join(workspace.root, ".git"));
      await own.write("fake/HEAD", "ref: refs/heads/main\n");
    },
  };
  for (const [what, borrow] of Object.entries(borrowed))
    it(`shows nothing of another repository through ${what}`, async () => {
      await workspace.write("private.txt", "the user's own\n");
      await runGit(workspace.root, "add", ".");
      await runGit(workspace.root, "commit", "-qm", "private");
      await runGit(workspace.root, "branch", "-M", "main");
      const own = await testWorkspace({ "a.txt": "mine\n" });
      await runGit(own.root, "init", "-q", "-b", "main");
      await borrow(own);
      assert.doesNotMatch(await diff(own.root).catch(() => ""), /the user's own/);
      assert.equal(findGit(own.root), null);
      await own.remove();
    });

  it("does not run in a repository that uses the objects of another one", async () => {
    const own = await testWorkspace({ "a.txt": "mine\n" });
    await runGit(own.root, "init", "-q");
    await own.write(".git/objects/info/alternates", `${join(workspace.root, ".git/objects")}\n`);
    const theirs = (await runGit(workspace.root, "rev-parse", "HEAD")).trim();
    await own.write(".git/refs/heads/main", `${theirs}\n`);
    await own.write(".git/HEAD", "ref: refs/heads/main\n");
    await rejectsWith(diff(own.root), "usage");
    await own.remove();
  });

  it("works in a linked working tree", async () => {
    const tree = join(outside.root, "tree");
    await runGit(workspace.root, "worktree", "add", "-q", tree);
    await writeFile(join(tree, "a.txt"), "three\n");
    assert.match(await diff(tree), /\+three/);
  });
});
