import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createHiddenFinder } from "../../../server/instances/drivers/hidden.ts";
import { findGit, trackedPaths } from "../../../server/workspace/git.ts";
import { ignoreRules } from "../../../server/workspace/ignore.ts";
import { walkWorkspace } from "../../../server/workspace/walk.ts";

describe("a workspace in a git repository", () => {
  let place: string;
  let root: string;
  let environment: NodeJS.ProcessEnv;

  beforeEach(() => {
    place = realpathSync(mkdtempSync(join(tmpdir(), "git-")));
    root = join(place, "repository");
    environment = { PATH: process.env.PATH, HOME: join(place, "home") };
    mkdirSync(join(place, "home"));
    mkdirSync(root);
    git("init", "-q", "-b", "main");
  });
  afterEach(() => {
    rmSync(place, { recursive: true });
  });

  const identity = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"];
  const git = (...args: string[]): string =>
    execFileSync("git", [...identity, ...args], { cwd: root, env: environment, encoding: "utf8" });
  const write = (path: string, text = ""): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const visible = (workspace = root): string[] => {
    const rules = ignoreRules(workspace, findGit(workspace, environment));
    return [...walkWorkspace(workspace, rules)].flatMap(({ files }) => files).sort();
  };

  it("shows what git tracks, although an ignore file names it, and nothing beside it", () => {
    for (const path of ["dist/kept.js", "logs/deep/kept.log", "a.log", "src/a.js"]) write(path);
    git("add", "--force", ".");
    write(".gitignore", "dist/\n*.log\nlogs\n");
    for (const path of ["dist/built.js", "logs/new.txt", "logs/deep/new.txt", "dist/sub/x.js"]) write(path);
    assert.deepEqual(visible(), [".gitignore", "a.log", "dist/kept.js", "logs/deep/kept.log", "src/a.js"]);
  });

  it("minds the case of letters as git does", () => {
    for (const path of ["Build/a.js", "build/b.js", "README.LOG"]) write(path);
    write(".gitignore", "build/\n*.log\n");
    assert.deepEqual(visible(), [".gitignore", "Build/a.js", "README.LOG"]);
    git("config", "core.ignorecase", "true");
    assert.deepEqual(visible(), [".gitignore"]);
  });

  it("closes what the repository's exclude file and the user's own ignore file name", () => {
    write("private.md");
    write("data/customers.csv");
    write("src/a.js");
    write(".git/info/exclude", "/private.md\n");
    mkdirSync(join(place, "home/.config/git"), { recursive: true });
    writeFileSync(join(place, "home/.config/git/ignore"), "*.csv\n");
    assert.deepEqual(visible(), ["src/a.js"]);
    assert.deepEqual(visible(join(root, "data")), []);
    writeFileSync(join(place, "home/mine"), "a.js\n");
    writeFileSync(
      join(place, "home/.gitconfig"),
      '[user]\n\tname = A\n[core]\n\texcludesFile = "~/mine" ; own\n',
    );
    assert.deepEqual(visible(), ["data/customers.csv"]);
  });

  it("does so in a linked working tree", () => {
    write("src/a.js");
    write("kept.log");
    git("add", ".");
    git("commit", "-qm", "x");
    write(".git/info/exclude", "private.md\n*.log\n");
    const tree = join(place, "linked");
    git("worktree", "add", "-q", tree);
    writeFileSync(join(tree, "private.md"), "");
    assert.deepEqual(visible(tree), ["kept.log", "src/a.js"]);
  });

  it("shows what a submodule tracks, although the repository around it ignores it", async () => {
    for (const path of ["index.js", "build/kept.js"]) write(path);
    git("add", ".");
    git("commit", "-qm", "x");
    const library = root;
    root = join(place, "app");
    mkdirSync(root);
    git("init", "-q", "-b", "main");
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "vendor/a/lib");
    write(".gitignore", "build/\n");
    for (const path of ["build/own.js", "vendor/a/lib/build/new.js", "app.js"]) write(path);
    const shown = [
      ".gitignore",
      ".gitmodules",
      "app.js",
      "vendor/a/lib/build/kept.js",
      "vendor/a/lib/index.js",
    ];
    assert.deepEqual(visible(), shown);
    // A worker has to read the same index, and nothing else of the submodule's repository.
    const hidden = (await createHiddenFinder()(root)).map(({ path }) => path);
    const ofModule = join(root, ".git/modules/vendor/a/lib");
    assert.ok(hidden.includes(join(ofModule, "config")) && hidden.includes(join(ofModule, "objects")));
    assert.ok(!hidden.some((path) => path === dirname(ofModule) || path === join(ofModule, "index")));
  });

  it("shows what is there of a sparse checkout", () => {
    for (const path of ["top.js", "web/a.js", "api/b.js"]) write(path);
    write(".gitignore", "*.js\n");
    git("add", "--force", ".");
    git("commit", "-qm", "x");
    git("sparse-checkout", "set", "--cone", "--sparse-index", "web");
    write("web/new.js");
    assert.deepEqual(visible(), [".gitignore", "top.js", "web/a.js"]);
  });

  for (const version of ["2", "3", "4"]) {
    it(`reads git's index of version ${version} as git does`, () => {
      for (let number = 0; number < 300; number += 1)
        write(`f${number % 7}/${"x".repeat(number % 23)}${number} ü.js`);
      git("add", ".");
      if (version === "3") {
        write("later.js");
        git("add", "--intent-to-add", "later.js");
      }
      git("update-index", "--index-version", version);
      const found = findGit(root, environment);
      assert.ok(found !== null);
      assert.deepEqual(trackedPaths(found), git("ls-files", "-z").split("\0").slice(0, -1));
    });
  }

  it("opens a tracked environment file without secrets, and no other", () => {
    write(".env.test", "GREETING=hello\nPORT=3000\n");
    write(".env.ci", "STRIPE_SECRET_KEY=rk_live_0123456789abcdef0123\n");
    write(".env", "GREETING=mine\n");
    write("server.key", "x");
    git("add", "--force", ".env.test", ".env.ci", "server.key");
    assert.deepEqual(visible(), [".env.test"]);
    write(".coditectignore", ".env*\n");
    assert.deepEqual(visible(), [".coditectignore"]);
  });
});
