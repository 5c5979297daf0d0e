import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, rm, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { picturesNamed } from "../../server/context/pictures.ts";
import { readTarget } from "../../server/context/target.ts";
import { readWorkspaceFile } from "../../server/changes/contents.ts";
import { sarifText } from "../../server/surfaces/cli/display/sarif-file.ts";
import { readTeamFiles } from "../../server/teams/definition/files.ts";
import { visibleToWorker } from "../../server/instances/drivers/visible.ts";
import { configurationFiles } from "../../server/workspace/configuration.ts";
import { dependencyPlace } from "../../server/workspace/dependencies.ts";
import { findGit } from "../../server/workspace/git.ts";
import { ignoreRules } from "../../server/workspace/ignore.ts";
import { ownPath, readIfPossible, readInside } from "../../server/workspace/open.ts";
import { runGit } from "../support/git.ts";
import { aFinding } from "../support/records.ts";
import { rejectsWith, throwsWith } from "../support/rejects.ts";
import { noTools } from "../support/tools.ts";
import { type TestWorkspace, testWorkspace } from "../support/workspace.ts";

const SECRET = "the user's own secret";

describe("a link in a workspace", () => {
  let outside: TestWorkspace;
  let workspace: TestWorkspace;
  beforeEach(async () => {
    outside = await testWorkspace({ "secret.txt": SECRET, "secret.png": SECRET, "secret.json": SECRET });
    workspace = await testWorkspace({ "src/a.ts": "export const a = 1;\n" });
  });
  afterEach(async () => {
    await workspace.remove();
    await outside.remove();
  });
  const link = async (path: string, target: string): Promise<void> => {
    await mkdir(join(workspace.root, path, ".."), { recursive: true });
    await symlink(target, join(workspace.root, path));
  };

  it("that leads out is not read: a file, a folder on the way, a chain of links", async () => {
    await link("one.txt", join(outside.root, "secret.txt"));
    await link("folder", outside.root);
    await link("two.txt", "one.txt");
    for (const path of ["one.txt", "folder/secret.txt", "two.txt"]) {
      throwsWith(() => readInside(workspace.root, path), "outside_workspace");
      await rejectsWith(readWorkspaceFile(workspace.root, path), "outside_workspace");
      throwsWith(() => readTarget(workspace.root, path, ignoreRules(workspace.root)), "outside_workspace");
      assert.equal(readIfPossible(workspace.root, path), null);
    }
  });

  it("that stays inside is followed", async () => {
    await link("inside.ts", "src/a.ts");
    assert.equal(readInside(workspace.root, "inside.ts")?.toString(), "export const a = 1;\n");
  });

  it("is no picture, no SARIF context, and no path of ours", async () => {
    await link("shot.png", join(outside.root, "secret.png"));
    const { items } = await picturesNamed(
      "see shot.png",
      workspace.root,
      noTools.frames,
      AbortSignal.timeout(5000),
    );
    assert.deepEqual(items, []);
    await link("found.ts", join(outside.root, "secret.txt"));
    const sarif = sarifText([aFinding({ path: "found.ts" })], [], workspace.root);
    assert.doesNotMatch(sarif, /own secret/);
    await link(".coditect/lessons.md", "../src/a.ts");
    throwsWith(() => ownPath(workspace.root, ".coditect/lessons.md"), "outside_workspace");
  });

  it("in .coditect is refused, and its target is not quoted", async () => {
    await link(".coditect/teams/evil.json", join(outside.root, "secret.json"));
    await rejectsWith(readTeamFiles(workspace.root), "outside_workspace");
    await workspace.write(".coditect/teams/evil.json.x", "");
    const broken = await testWorkspace({ ".coditect/teams/broken.json": SECRET });
    const { unusable } = await readTeamFiles(broken.root);
    assert.deepEqual(
      unusable.map(({ problem }) => problem.message.includes("own secret")),
      [false],
    );
    await broken.remove();
  });

  it("in place of the whole .coditect folder brings nothing", async () => {
    await outside.write("teams/evil.json", "{}");
    await link(".coditect", outside.root);
    assert.deepEqual(configurationFiles(workspace.root), []);
  });

  it("in place of an ignore file says nothing for git's, and closes everything for ours", async () => {
    await link(".gitignore", join(outside.root, "secret.txt"));
    assert.equal(ignoreRules(workspace.root).closedBy("src/a.ts"), null);
    await link("src/.coditectignore", join(outside.root, "secret.txt"));
    assert.notEqual(ignoreRules(workspace.root).closedBy("src/a.ts"), null);
  });

  it("to what never ends does not stop the runtime", async function () {
    this.timeout(5000);
    await link(".gitignore", "/dev/zero");
    await link("zero.ts", "/dev/zero");
    ignoreRules(workspace.root).closedBy("src/a.ts");
    assert.equal(readIfPossible(workspace.root, "zero.ts"), null);
    if (process.platform === "win32") return;
    execFileSync("mkfifo", [join(workspace.root, "pipe.ts")]);
    throwsWith(() => readInside(workspace.root, "pipe.ts"), "not_a_text_file");
  });

  it("of more than its cap is not read", async () => {
    await workspace.write("large.txt", "x".repeat(100));
    throwsWith(() => readInside(workspace.root, "large.txt", { most: 99 }), "file_too_large");
  });

  it("in place of node_modules opens nothing of the user's", async () => {
    const modules = join(workspace.root, "node_modules");
    await link("node_modules", outside.root);
    assert.equal(dependencyPlace(workspace.root, modules), null);
    assert.deepEqual(visibleToWorker(workspace.root, null).readable, [workspace.root]);
  });

  it("above an opened folder does not show the user's files to its commands", async () => {
    await outside.write("package.json", '{"name":"theirs","main":"secret.txt"}');
    await outside.write("settings.json", "{}");
    await runGit(workspace.root, "init", "-q");
    const settings = { extends: ["../lib/settings.json"], references: [{ path: "../lib" }] };
    await workspace.write("app/tsconfig.json", JSON.stringify(settings));
    await link("lib", outside.root);
    await link(".gitignore", join(outside.root, "secret.txt"));
    await rm(join(workspace.root, ".git/info/exclude"), { force: true });
    await link(".git/info/exclude", join(outside.root, "secret.txt"));
    const app = join(workspace.root, "app");
    const { readable } = visibleToWorker(app, findGit(app));
    assert.deepEqual(
      readable.filter((path) => !path.endsWith("/.git/index")),
      [app],
    );
  });

  it("above an opened folder is followed inside the repository, but not to closed files", async () => {
    await runGit(workspace.root, "init", "-q");
    await workspace.write("packages/core/package.json", '{"name":"core"}');
    await workspace.write("packages/plans/package.json", '{"name":"plans"}');
    await workspace.write(".coditectignore", "packages/plans/\n");
    await workspace.write("app/tsconfig.json", '{"references":[{"path":"../core"},{"path":"../plans"}]}');
    await link("core", join(workspace.root, "packages/core"));
    await link("plans", join(workspace.root, "packages/plans"));
    const app = join(workspace.root, "app");
    assert.deepEqual(visibleToWorker(app, findGit(app)).sources, [app, join(workspace.root, "core")]);
  });

  for (const target of [homedir(), "/", "/etc", ".."])
    it(`in place of node_modules does not open ${target}`, async () => {
      await link("node_modules", target);
      assert.equal(dependencyPlace(workspace.root, join(workspace.root, "node_modules")), null);
    });

  it("to dependencies elsewhere is followed", async () => {
    await outside.write("node_modules/pad/index.js", "");
    await link("node_modules", join(outside.root, "node_modules"));
    const place = dependencyPlace(workspace.root, join(workspace.root, "node_modules"));
    assert.equal(place, join(outside.root, "node_modules"));
  });
});
