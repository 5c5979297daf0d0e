import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Json } from "../../../schemas/primitives.ts";
import type { ToolOutcome } from "../../../schemas/transcript.ts";
import type { WorkerParams } from "../../../schemas/worker.ts";
import { finish, startWorker, type WorkerUnderTest } from "./runtime-peer.ts";
import { clear, readTree, temporaryFolder, writeTree } from "./tree.ts";

const bom = "\ufeff";

describe("bad projects", () => {
  let worker: WorkerUnderTest;
  let source: string;
  before(async () => {
    worker = await startWorker();
  });
  after(() => worker.stop());
  beforeEach(() => {
    worker.forget();
    source = temporaryFolder("bad-projects");
  });
  afterEach(() => {
    clear(source);
  });

  const open = async (
    files: Record<string, string | Buffer>,
    settings: Partial<WorkerParams<"worker/initialize">> = {},
  ): Promise<void> => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(source, path)), { recursive: true });
      writeFileSync(join(source, path), content);
    }
    await worker.initialize(source, settings);
    await worker.call("workspace/prepare", { overlays: [], changes: [] });
  };

  const call = async (tool: string, args: Json): Promise<ToolOutcome> => {
    worker.forget();
    await worker.runScript([[[tool, args]], [finish]]);
    const [first] = worker.finished;
    assert.ok(first);
    return first.outcome;
  };

  const copied = (path: string): Buffer => readFileSync(join(worker.place, "copy/workspace", path));

  it("without tests say that nothing ran, and how they were looked for", async () => {
    await open({ "package.json": '{"scripts":{"test":"node --test"}}', "a.js": "" });
    const { content, is_error } = await call("run_tests", {});
    assert.match(content, /^No tests ran: 0 passed, 0 failed, 0 skipped \(node:test\)/);
    assert.equal(is_error, false);
  });

  it("without a test runner say what can be used", async () => {
    await open({ "a.txt": "" });
    assert.match((await call("run_tests", {})).content, /^No test runner found.*--test-command/);
  });

  it("whose tests fail show each failure, without places on this machine", async () => {
    await open({
      "package.json": '{"scripts":{"test":"node --test"}}',
      "test/a.test.js":
        'const test = require("node:test"); test("adds", () => { throw new Error("1 + 1 is not " + __dirname); });',
    });
    const { content, is_error } = await call("run_tests", { files: ["test/a.test.js"] });
    assert.match(content, /^Tests fail: 0 passed, 1 failed, 0 skipped \(node:test\)/);
    assert.match(content, /✗ test\/a\.test\.js > adds\n(Error: )?1 \+ 1 is not test/);
    assert.doesNotMatch(content, new RegExp(worker.place));
    assert.equal(is_error, false);
  });

  it("whose runner hangs have it stopped", async () => {
    const hanging = 'require("node:test")("hangs", () => new Promise(() => setInterval(() => {}, 1e6)));';
    await open(
      { "package.json": '{"scripts":{"test":"node --test"}}', "test/a.test.js": hanging },
      { command_timeout_seconds: 1 },
    );
    const { content, is_error } = await call("run_tests", {});
    assert.match(content, /^The tests did not end in time and were stopped/);
    assert.equal(is_error, true);
  });

  it("whose tests change files have that put back", async () => {
    await open({
      "package.json": '{"scripts":{"test":"node --test"}}',
      "src/a.js": "1",
      "test/a.test.js":
        'require("node:test")("writes", () => { const fs = require("node:fs"); fs.writeFileSync("src/a.js", "2"); fs.writeFileSync("test/new.snap", "s"); });',
    });
    worker.forget();
    await worker.runScript([[["run_tests", {}]], [finish]], { write_access: "tests" });
    const outcome = worker.finished[0]?.outcome;
    assert.match(outcome?.content ?? "", /put back what the tests wrote: src\/a\.js, test\/new\.snap\]/);
    assert.deepEqual(outcome?.changes, []);
  });

  it("answer for files that are not there, folders and binary files with the reason", async () => {
    await open({ "src/a.ts": "a", "logo.png": Buffer.of(0x89, 0x50, 0, 1), ".env": "KEY=1" });
    const reasonFor = async (path: string): Promise<string> => (await call("read_file", { path })).content;
    assert.match(await reasonFor("src/b.ts"), /src\/b\.ts does not exist in the workspace/);
    assert.match(await reasonFor("src/a.ts/b"), /does not exist in the workspace/);
    assert.match(await reasonFor("src"), /src is a folder, not a text file/);
    assert.match(await reasonFor("logo.png"), /logo\.png is a binary file/);
    assert.match(await reasonFor(".env"), /matches the built-in list of secrets/);
    assert.match(
      (await call("edit_file", { path: "logo.png", old_text: "P", new_text: "Q" })).content,
      /is a binary file/,
    );
    assert.match(
      (await call("write_file", { path: "src/a.ts/b.ts", content: "b" })).content,
      /The file system refused it: E/,
    );
  });

  it("with files of 5 MB and long lines are read in parts", async () => {
    await open({
      "large.ts": "const value = 1;\n".repeat(310_000),
      "long.json": `[${"1,".repeat(100_000)}1]`,
    });
    const part = await call("read_file", { path: "large.ts", start_line: 299_999, end_line: 300_001 });
    assert.equal(
      part.content,
      [299_999, 300_000, 300_001].map((line) => `${line}\tconst value = 1;`).join("\n"),
    );
    const whole = await call("read_file", { path: "large.ts" });
    assert.match(
      whole.content,
      /\[cut: lines 1 to 1500 of 310000; read on with read_file, start_line 1501\]$/,
    );
    assert.match((await call("read_file", { path: "long.json" })).content, /\(\d+ characters cut\)$/);
  });

  it("with CRLF, a byte order mark or another encoding keep them byte for byte", async () => {
    const latin1 = Buffer.from("stra\xdfe = 1\r\nma\xdf = 2\r\n", "latin1");
    await open({ "windows.ts": `${bom}one();\r\ntwo();\r\n`, "latin1.py": latin1 });
    await call("edit_file", {
      path: "windows.ts",
      old_text: "one();\ntwo();",
      new_text: "one();\n2;\ntwo();",
    });
    assert.equal(copied("windows.ts").toString("utf8"), `${bom}one();\r\n2;\r\ntwo();\r\n`);
    await call("write_file", { path: "windows.ts", content: "whole();\nnew();\n" });
    assert.equal(copied("windows.ts").toString("utf8"), `${bom}whole();\r\nnew();\r\n`);
    await call("edit_file", { path: "latin1.py", old_text: "ma\xdf = 2", new_text: "ma\xdf = 3" });
    assert.deepEqual(copied("latin1.py"), Buffer.from("stra\xdfe = 1\r\nma\xdf = 3\r\n", "latin1"));
    const refused = await call("edit_file", { path: "latin1.py", old_text: "= 3", new_text: "= '→'" });
    assert.match(
      refused.content,
      /latin1\.py uses the encoding one byte per character, which cannot represent: →/,
    );
    assert.deepEqual(copied("latin1.py"), Buffer.from("stra\xdfe = 1\r\nma\xdf = 3\r\n", "latin1"));
  });

  it("with spaces and umlauts in paths work like any other", async () => {
    const path = "Größe und Maß/zähler neu.ts";
    await open({ [path]: "export const zähler = 1;\n" });
    assert.equal((await call("list_files", { glob: "Größe und Maß" })).content, path);
    assert.equal(
      (await call("search", { pattern: "zähler" })).content,
      `${path}:1: export const zähler = 1;`,
    );
    await call("edit_file", { path, old_text: "= 1", new_text: "= 2" });
    const { changes } = await worker.call("workspace/changes", { write_access: "sources" });
    assert.deepEqual(
      changes.map(({ path: changed, content }) => [changed, content?.data]),
      [[path, "export const zähler = 2;\n"]],
    );
    assert.equal(readFileSync(join(source, path), "utf8"), "export const zähler = 1;\n");
  });

  it("with unsaved work show it, and have nothing of the user's written", async () => {
    writeTree(source, { "a.ts": "saved\n" });
    await worker.initialize(source);
    await worker.call("workspace/prepare", { overlays: [{ path: "a.ts", text: "unsaved\n" }], changes: [] });
    assert.equal((await call("read_file", { path: "a.ts" })).content, "1\tunsaved");
    await call("edit_file", { path: "a.ts", old_text: "unsaved", new_text: "changed" });
    assert.deepEqual(readTree(source), { "a.ts": "saved\n" });
  });

  it("with 20,000 files are copied, listed and searched with what was cut", async () => {
    for (let folder = 0; folder < 200; folder += 1) {
      mkdirSync(join(source, `f${folder}`));
      for (let file = 0; file < 100; file += 1)
        writeFileSync(join(source, `f${folder}/${file}.ts`), "needle\n");
    }
    await open({});
    assert.match(
      (await call("list_files", {})).content,
      /\[cut: 19600 more files; narrow them with a glob\]$/,
    );
    assert.match((await call("search", { pattern: "needle" })).content, /\[cut: more matches than 100/);
    assert.equal(
      (await call("search", { pattern: "needle", glob: "f7/42.ts" })).content,
      "f7/42.ts:1: needle",
    );
  }).timeout(60_000);
});
