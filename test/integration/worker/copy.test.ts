import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import type { Overlay } from "../../../schemas/run.ts";
import { privateCopy, type PrivateCopy } from "../../../server/worker/copy/copy.ts";
import { prepare } from "../../../server/worker/copy/prepare.ts";
import { afterCommand } from "./after-command.ts";
import { clear, readTree, temporaryFolder, writeTree } from "./tree.ts";

const { signal } = new AbortController();

describe("private copy", () => {
  let place: string;
  let source: string;
  let copy: PrivateCopy;
  beforeEach(() => {
    place = temporaryFolder("copy");
    source = join(place, "source");
    mkdirSync(source);
    copy = privateCopy(source, join(place, "copy"));
  });
  afterEach(() => {
    clear(place);
  });

  const refresh = (overlays: Overlay[] = []) => prepare(copy, { overlays, changes: [] }, signal);

  it("leaves out what is ignored and what is secret", async () => {
    const seen = { ".gitignore": "dist/\n", ".coditectignore": "*.sql", "src/a.ts": "a" };
    writeTree(source, { ...seen, ".env": "KEY=1", "dist/a.js": "a", "dump.sql": "", "src/server.key": "k" });
    const { files, copied } = await refresh();
    assert.deepEqual(readTree(copy.root), seen);
    assert.deepEqual([files, copied], [3, 3]);
  });

  it("says what is left out that tools may need", async () => {
    const outside = join(place, "elsewhere");
    writeTree(outside, { "index.js": "" });
    writeTree(source, { ".env.test": "KEY=1", "node_modules/there/index.js": "" });
    symlinkSync(outside, join(source, "node_modules/linked"));
    assert.deepEqual((await refresh()).left_out, [
      { path: "node_modules/linked", reason: "it is a link to a folder outside of the repository" },
      { path: ".env.test", reason: "it may hold secrets" },
    ]);
  });

  it("copies nothing a second time, and then only what changed", async () => {
    writeTree(source, { "a.ts": "a", "b.ts": "b", "c/d.ts": "d" });
    await refresh();
    writeFileSync(join(source, "b.ts"), "B");
    assert.equal((await refresh()).copied > 0, true);
    await new Promise((resolve) => setTimeout(resolve, 30)); // Until the stamps are told apart.
    await refresh();
    assert.equal((await refresh()).copied, 0);
    writeFileSync(join(source, "b.ts"), "x");
    assert.equal((await refresh()).copied, 1);
    assert.deepEqual(readTree(copy.root), { "a.ts": "a", "b.ts": "x", "c/d.ts": "d" });
  });

  it("sees a change that kept size and time, in the copy and in the source", async () => {
    writeTree(source, { "a.ts": "one", "b.ts": "one" });
    const old = new Date("2020-01-01T00:00:00.500Z");
    for (const name of ["a.ts", "b.ts"]) utimesSync(join(source, name), old, old);
    await refresh();
    await refresh();
    writeFileSync(join(source, "a.ts"), "two");
    writeFileSync(join(copy.root, "b.ts"), "two");
    utimesSync(join(source, "a.ts"), old, old);
    utimesSync(join(copy.root, "b.ts"), old, old);
    const { changes } = await afterCommand(copy, "all", signal);
    assert.deepEqual(
      changes.map(({ path }) => path),
      ["b.ts"],
    );
    await refresh();
    assert.deepEqual(readTree(copy.root), { "a.ts": "two", "b.ts": "one" });
  });

  it("never writes through a hard link or a symbolic link that was made in it", async () => {
    writeTree(source, { "a.ts": "a", "src/b.ts": "b" });
    writeTree(place, { "outside/a.ts": "mine", "outside/b.ts": "mine" });
    await refresh();
    rmSync(join(copy.root, "a.ts"));
    linkSync(join(place, "outside/a.ts"), join(copy.root, "a.ts"));
    rmSync(join(copy.root, "src"), { recursive: true });
    symlinkSync(join(place, "outside"), join(copy.root, "src"));
    const { changes, put_back } = await afterCommand(copy, "none", signal);
    assert.deepEqual(changes, []);
    assert.deepEqual(put_back, ["a.ts", "src", "src/b.ts"]);
    assert.deepEqual(readTree(copy.root), readTree(source));
    assert.deepEqual(readTree(join(place, "outside")), { "a.ts": "mine", "b.ts": "mine" });
  });

  it("keeps links inside the workspace, and drops those that lead out", async () => {
    writeTree(source, { "src/a.ts": "a" });
    writeTree(place, { "outside/secret": "s" });
    symlinkSync("src/a.ts", join(source, "relative"));
    symlinkSync(join(source, "src"), join(source, "absolute"));
    symlinkSync("../outside/secret", join(source, "out"));
    await refresh();
    assert.deepEqual(readTree(copy.root), {
      absolute: "→ src",
      relative: "→ src/a.ts",
      "src/a.ts": "a",
    });
    rmSync(join(copy.root, "relative"));
    assert.deepEqual((await afterCommand(copy, "all", signal)).put_back, ["relative"]);
    assert.equal(readFileSync(join(copy.root, "relative"), "utf8"), "a");
  });

  it("reaches packages in place, and packages of the workspace in the copy", async () => {
    writeTree(source, {
      "node_modules/left-pad/index.js": "module.exports = 'pad'",
      "node_modules/@scope/tool/index.js": "module.exports = 'tool'",
      "node_modules/.bin/tool": "#!/bin/sh\n",
      "node_modules/.vite/cache.json": "{}",
      "packages/own/index.js": "module.exports = 'own'",
      "packages/own/package.json": '{"name":"own"}',
      "packages/app/node_modules/inner/index.js": "module.exports = 'inner'",
    });
    symlinkSync("../packages/own", join(source, "node_modules/own"));
    const { linked, files } = await refresh();
    assert.deepEqual([linked.sort(), files], [["node_modules", "packages/app/node_modules"], 2]);
    writeFileSync(join(copy.root, "packages/own/index.js"), "module.exports = 'changed'");
    const require = createRequire(join(copy.root, "packages/app/index.js"));
    const loaded: unknown[] = ["left-pad", "@scope/tool", "own", "inner"].map((name): unknown =>
      require(name),
    );
    assert.deepEqual(loaded, ["pad", "tool", "changed", "inner"]);
    assert.ok(existsSync(join(copy.root, "node_modules/.bin/tool")));
    mkdirSync(join(copy.root, "node_modules/.vite"));
    writeFileSync(join(copy.root, "node_modules/.vite/results.json"), "{}");
    assert.deepEqual(
      (await afterCommand(copy, "sources", signal)).changes.map(({ path }) => path),
      ["packages/own/index.js"],
    );
    await refresh();
    assert.ok(!existsSync(join(copy.root, "node_modules/.vite")));
    assert.deepEqual(readTree(join(source, "node_modules/.vite")), { "cache.json": "{}" });
  });

  it("brings along what packages of the workspace were built to, and builds anew in the copy alone", async () => {
    writeTree(source, {
      ".gitignore": "dist/\nnode_modules\nsecret/\n",
      ".coditectignore": "secret/\n",
      "packages/core/package.json":
        '{"name":"core","exports":{".":{"default":"./dist/index.js"}},"files":["secret"]}',
      "packages/core/dist/index.js": "exports.built = 1",
      "packages/core/dist/.env": "KEY=1",
      "packages/core/secret/a.js": "",
      "packages/other/package.json": '{"name":"other","main":"dist/index.js"}',
      "packages/other/dist/index.js": "nobody imports it",
      "node_modules/.prisma/client/index.js": "generated",
      "node_modules/.cache/x": "x",
    });
    symlinkSync("../packages/core", join(source, "node_modules/core"));
    await refresh();
    const core: unknown = createRequire(join(copy.root, "index.js"))("core");
    assert.deepEqual(core, { built: 1 });
    assert.ok(existsSync(join(copy.root, "node_modules/.prisma/client/index.js")));
    assert.deepEqual(
      [
        "node_modules/.cache",
        "packages/core/dist/.env",
        "packages/core/secret",
        "packages/other/dist",
      ].filter((path) => existsSync(join(copy.root, path))),
      [],
    );
    writeFileSync(join(copy.root, "packages/core/dist/index.js"), "exports.built = 2");
    assert.deepEqual(await afterCommand(copy, "all", signal), { changes: [], put_back: [] });
    await refresh();
    assert.equal(readFileSync(join(copy.root, "packages/core/dist/index.js"), "utf8"), "exports.built = 1");
    assert.equal(readFileSync(join(source, "packages/core/dist/index.js"), "utf8"), "exports.built = 1");
  });

  it("has around it what its tools resolve in the repository above, at the same places", async () => {
    const repository = join(place, "repository");
    writeTree(repository, {
      ".git/HEAD": "ref: refs/heads/main",
      ".gitignore": "dist\nnode_modules\nprivate.json\n",
      "package.json": '{"workspaces":["packages/*"]}',
      "tsconfig.base.json": '{"extends":"./config/strict.json"}',
      "config/strict.json": "{}",
      "jest.preset.js": "module.exports = {}",
      "private.json": "{}",
      ".env": "KEY=1",
      "notes.txt": "nobody's business",
      "packages/core/package.json": '{"name":"core","main":"dist/index.js","dependencies":{"base":"*"}}',
      "packages/core/dist/index.js": "module.exports = require('base')",
      "packages/core/src/index.ts": "",
      "packages/base/package.json": '{"name":"base","main":"index.js"}',
      "packages/base/index.js": "module.exports = require('installed')",
      "packages/other/package.json": '{"name":"other"}',
      "packages/app/package.json": '{"name":"app","dependencies":{"core":"*"}}',
      "packages/app/tsconfig.json": '{"extends":"../../tsconfig.base.json"}',
      "shared/node_modules/installed/index.js": "module.exports = 'installed'",
    });
    symlinkSync("../../packages/core", join(repository, "shared/node_modules/core"));
    symlinkSync("../../packages/base", join(repository, "shared/node_modules/base"));
    symlinkSync("shared/node_modules", join(repository, "node_modules"));
    const app = join(repository, "packages/app");
    copy = privateCopy(app, join(place, "copy"));
    await refresh();
    assert.equal(copy.root, join(place, "copy/repository/packages/app"));
    assert.equal(createRequire(join(copy.root, "index.js"))("core"), "installed");
    const around = readTree(join(place, "copy/repository"));
    assert.deepEqual(Object.keys(around).sort(), [
      "config/strict.json",
      "jest.preset.js",
      "package.json",
      "packages/app/package.json",
      "packages/app/tsconfig.json",
      "packages/base/index.js",
      "packages/base/package.json",
      "packages/core/dist/index.js",
      "packages/core/package.json",
      "packages/core/src/index.ts",
      "tsconfig.base.json",
    ]);
    writeTree(join(place, "copy/repository"), {
      "tsconfig.base.json": "forged",
      "packages/core/evil.js": "",
    });
    writeFileSync(join(place, "copy/repository/left.js"), "");
    assert.deepEqual(await afterCommand(copy, "all", signal), { changes: [], put_back: [] });
    await refresh();
    assert.deepEqual(readTree(join(place, "copy/repository")), around);
    assert.equal(
      readFileSync(join(repository, "tsconfig.base.json"), "utf8"),
      '{"extends":"./config/strict.json"}',
    );
  });

  it("reaches the packages of the repository a workspace is a folder of", async () => {
    writeTree(place, {
      "repository/node_modules/shared/index.js": "module.exports = 'shared'",
      "repository/app/index.js": "",
    });
    copy = privateCopy(join(place, "repository/app"), join(place, "copy"));
    await refresh();
    const loaded: unknown = createRequire(join(copy.root, "index.js"))("shared");
    assert.equal(loaded, "shared");
  });

  it("reaches a virtual environment in place, whose editable packages are the copy's", async () => {
    const environment = join(source, ".venv");
    execFileSync("python3", ["-m", "venv", "--without-pip", environment]);
    const packages = join(
      environment,
      "lib",
      readdirSync(join(environment, "lib"))[0] ?? "",
      "site-packages",
    );
    writeTree(source, { "src/own.py": "VALUE = 'of the user'" });
    writeFileSync(join(packages, "installed.py"), "VALUE = 'installed'");
    writeFileSync(join(packages, "__editable__.own.pth"), join(source, "src"));
    writeFileSync(
      join(environment, "bin/show"),
      `#!${environment}/bin/python\nimport installed, own; print(installed.VALUE, own.VALUE)`,
      { mode: 0o755 },
    );
    assert.deepEqual((await refresh()).linked, [".venv"]);
    writeFileSync(join(copy.root, "src/own.py"), "VALUE = 'of the copy'");
    const shown = execFileSync(join(copy.root, ".venv/bin/show"), { encoding: "utf8" });
    assert.equal(shown, "installed of the copy\n");
    const { changes } = await afterCommand(copy, "all", signal);
    assert.deepEqual(
      changes.map(({ path }) => path),
      ["src/own.py"],
    );
  });

  it("runs programs of an environment from elsewhere with the copy's packages, also one of tox", async () => {
    copy.python = join(source, ".tox/py");
    execFileSync("python3", ["-m", "venv", "--without-pip", copy.python]);
    const [version = ""] = readdirSync(join(copy.python, "lib"));
    writeTree(source, { ".gitignore": ".tox", "src/own.py": "VALUE = 'of the user'" });
    writeFileSync(join(copy.python, "lib", version, "site-packages/own.pth"), join(source, "src"));
    const script = `#!${copy.python}/bin/python\nimport own; print(own.VALUE)`;
    writeFileSync(join(copy.python, "bin/show"), script, { mode: 0o755 });
    await refresh();
    writeFileSync(join(copy.root, "src/own.py"), "VALUE = 'of the copy'");
    const shown = execFileSync(join(place, "copy/environment/bin/show"), { encoding: "utf8" });
    assert.equal(shown, "of the copy\n");
  });

  it("holds unsaved texts in the file's own encoding, and counts changes from them", async () => {
    writeFileSync(join(source, "bom.ts"), "\ufeffold\r\n");
    writeFileSync(join(source, "latin.txt"), Buffer.from("caf\xe9", "latin1"));
    writeTree(source, { ".env": "KEY=1" });
    await refresh([
      { path: "bom.ts", text: "new\r\n" },
      { path: "latin.txt", text: "th\xe9" },
      { path: "untitled.ts", text: "fresh" },
      { path: ".env", text: "KEY=2" },
    ]);
    assert.deepEqual(readTree(copy.root), {
      "bom.ts": "\xef\xbb\xbfnew\r\n",
      "latin.txt": "th\xe9",
      "untitled.ts": "fresh",
    });
    assert.deepEqual(await afterCommand(copy, "all", signal), { changes: [], put_back: [] });
    appendFileSync(join(copy.root, "bom.ts"), "more\r\n");
    rmSync(join(copy.root, "untitled.ts"));
    const { changes, put_back } = await afterCommand(copy, "sources", signal);
    assert.deepEqual(
      changes.map(({ path, content }) => [path, content?.data]),
      [
        ["bom.ts", "\ufeffnew\r\nmore\r\n"],
        ["untitled.ts", undefined],
      ],
    );
    assert.deepEqual(put_back, []);
    await refresh();
    assert.deepEqual(readTree(copy.root), { "bom.ts": "\xef\xbb\xbfold\r\n", "latin.txt": "caf\xe9" });
  });

  it("puts back what a stage may not write, to what earlier stages made of it", async () => {
    writeTree(source, { "src/a.ts": "a", "test/a.test.ts": "old", "test/b.test.ts": "b" });
    const earlier = {
      path: "test/a.test.ts",
      before: null,
      content: { encoding: "utf8" as const, data: "proven" },
      executable: false,
    };
    await prepare(copy, { overlays: [], changes: [earlier] }, signal);
    writeTree(copy.root, { "src/a.ts": "A", "test/a.test.ts": "weakened", "test/new.test.ts": "n" });
    rmSync(join(copy.root, "test/b.test.ts"));
    const { changes, put_back } = await afterCommand(copy, "sources", signal);
    assert.deepEqual(put_back, ["test/a.test.ts", "test/b.test.ts", "test/new.test.ts"]);
    assert.deepEqual(
      changes.map(({ path, content }) => [path, content?.data]),
      [
        ["src/a.ts", "A"],
        ["test/a.test.ts", "proven"],
      ],
    );
  });

  it("takes what programs generate for no change, and what is too large for nobody's work", async () => {
    const kept = { "src/a.ts": "a", "coverage/kept.md": "in version control", "test-results/x.log": "x" };
    writeTree(source, kept);
    await refresh();
    writeTree(copy.root, {
      "coverage/lcov.info": "x",
      "src/__pycache__/a.pyc": "x",
      ".pytest_cache/v": "x",
      "coverage/kept.md": "changed",
      "dump.bin": "x".repeat(9 * 1024 * 1024),
    });
    rmSync(join(copy.root, "test-results"), { recursive: true });
    const { changes, put_back } = await afterCommand(copy, "all", signal);
    assert.deepEqual(
      changes.map(({ path, content }) => [path, content?.data]),
      [["coverage/kept.md", "changed"]],
    );
    assert.deepEqual(put_back, ["dump.bin", "test-results/x.log"]);
    assert.ok(!existsSync(join(copy.root, "dump.bin")));
    await refresh();
    assert.deepEqual(readTree(copy.root), kept);
  });

  it("refuses to hand back more than a message can carry", async () => {
    await refresh();
    for (let number = 0; number < 5; number += 1) {
      writeFileSync(join(copy.root, `data-${number}.json`), "x".repeat(7 * 1024 * 1024));
    }
    await assert.rejects(
      afterCommand(copy, "all", signal),
      (error) => error instanceof CoditectError && error.message.includes("more than 32 MiB"),
    );
  });

  it("keeps the executable bit, and hands a change of it back", async () => {
    writeTree(source, { "run.sh": "#!/bin/sh\n" });
    await refresh();
    chmodSync(join(copy.root, "run.sh"), 0o755);
    const { changes } = await afterCommand(copy, "all", signal);
    assert.deepEqual(
      changes.map(({ path, executable }) => [path, executable]),
      [["run.sh", true]],
    );
    chmodSync(join(source, "run.sh"), 0o755);
    await refresh();
    assert.deepEqual(readTree(copy.root), { "run.sh": "#!/bin/sh\n*" });
  });

  it("copies again when its manifest is damaged, belongs to another workspace or lies", async () => {
    writeTree(source, { "a.ts": "a" });
    await refresh();
    for (const manifest of ["{", JSON.stringify({ version: 1, source: "/elsewhere", files: [] })]) {
      writeFileSync(copy.manifestFile, manifest);
      copy = privateCopy(source, join(place, "copy"));
      assert.equal((await refresh()).copied, 1);
    }
    rmSync(copy.root, { recursive: true });
    assert.equal((await refresh()).copied, 1);
    assert.deepEqual(readTree(copy.root), { "a.ts": "a" });
  });

  it("stops at once when it is cancelled", async () => {
    for (let number = 0; number < 300; number += 1) writeTree(source, { [`d${number}/a.ts`]: "a" });
    const controller = new AbortController();
    const preparing = prepare(copy, { overlays: [], changes: [] }, controller.signal);
    controller.abort();
    await assert.rejects(preparing, (error) => error instanceof CoditectError && error.code === "cancelled");
    assert.equal((await refresh()).files, 300);
  });
});
