import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, it } from "mocha";
import { root } from "../../../support/command.ts";

describe("loading a bundle", () => {
  let folder: string;
  let caches: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "coditect-bundle-"));
    caches = join(folder, "caches");
    await build({
      ...{
        entryPoints: [join(root, "server", "platform", "load-bundle.ts")],
        outfile: join(folder, "load-bundle.js"),
      },
      ...{ bundle: true, platform: "node", format: "cjs" },
    });
    writeFileSync(
      join(folder, "start.js"),
      'require("./load-bundle.js").loadBundle(`${__dirname}/main.js`);',
    );
    writeFileSync(
      join(folder, "main.js"),
      'console.log(require("./chunk.js").greet(require("node:os").EOL));',
    );
    writeFileSync(join(folder, "chunk.js"), 'exports.greet = (end) => "hello" + end;');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const start = (...command: string[]): string => {
    const env = { ...process.env, XDG_CACHE_HOME: caches, LOCALAPPDATA: caches, HOME: caches };
    const args = command.length > 0 ? command : [join(folder, "start.js")];
    const { stdout, stderr } = spawnSync(process.execPath, args, { env });
    assert.equal(stderr.toString(), "");
    return stdout.toString().trim();
  };
  const kept = (): string[] =>
    readdirSync(caches, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  it("keeps the compiled code of every file, which the next start takes as it is", () => {
    assert.equal(start(), "hello");
    const before = kept().map((file) => [file, statSync(file).ino]);
    assert.equal(before.length, 2);
    assert.equal(start(), "hello");
    assert.deepEqual(
      kept().map((file) => [file, statSync(file).ino]),
      before,
    );
  });

  it("serves the command line, whose flags of V8 are the same from its first file on", () => {
    const command = [join(root, "dist", "cli.js"), "--version"];
    start(...command);
    const before = kept().map((file) => [file, statSync(file).ino]);
    assert.ok(before.length > 1);
    start(...command);
    assert.deepEqual(
      kept().map((file) => [file, statSync(file).ino]),
      before,
    );
  });

  it("keeps the functions that were called, not only those around them", () => {
    start();
    const isThere = kept().some((file) => readFileSync(file, "latin1").includes("hello"));
    assert.ok(isThere, "the text inside of the called function is part of its compiled code");
  });

  it("runs the source that is there, not code kept of another one of the same length", () => {
    start();
    writeFileSync(join(folder, "chunk.js"), 'exports.greet = (end) => "other" + end;');
    assert.equal(start(), "other");
  });

  it("starts, and keeps it anew, when what was kept is damaged", () => {
    start();
    for (const file of kept()) writeFileSync(file, "damaged");
    assert.equal(start(), "hello");
    assert.ok(kept().every((file) => readFileSync(file, "latin1") !== "damaged"));
  });

  it("removes what was kept a month ago when it keeps something new", () => {
    start();
    const [old = ""] = kept();
    const monthAgo = Date.now() / 1000 - 31 * 86_400;
    utimesSync(old, monthAgo, monthAgo);
    writeFileSync(join(folder, "chunk.js"), 'exports.greet = (end) => "other" + end;');
    writeFileSync(join(folder, "main.js"), 'console.log(require("./chunk.js").greet(""));');
    start();
    assert.ok(!kept().includes(old));
  });

  it("starts where nothing can be kept", () => {
    writeFileSync(caches, "a file, no folder");
    assert.equal(start(), "hello");
  });
});
