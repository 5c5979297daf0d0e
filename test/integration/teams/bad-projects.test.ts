import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer, type Turn } from "../../model-servers.ts";
import { call, finish, oneRound } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const manifest = (test: string) => JSON.stringify({ name: "project", type: "module", scripts: { test } });
const nodeTest = manifest("node --test");
const source = "export const add = (a, b) => a - b;\n";
const correct = "export const add = (a, b) => a + b;\n";
const newTest = (path: string): string =>
  [
    'import assert from "node:assert/strict";',
    'import { it } from "node:test";',
    `import { add } from ${JSON.stringify(path)};`,
    'it("adds", () => assert.equal(add(2, 3), 5));',
  ].join("\n");

/** A project with everything that takes part in a run, gone when it is closed. */
interface Project {
  files: TestWorkspace;
  runtime: TestRuntime;
  model: ModelServer;
  close(): Promise<void>;
}

const open = async (
  files: Record<string, string | Buffer>,
  script: { TestWriter: Turn[]; Coder: Turn[] },
  settings: { test_timeout_seconds?: number } = {},
): Promise<Project> => {
  const workspace = await testWorkspace(files);
  const model = await startModelServer(script);
  const runtime = await startRuntime({
    workspace: workspace.root,
    settings: { provider: model.ollama(), ...settings },
  });
  await runtime.call("teams/create", oneRound);
  const close = async () => {
    await runtime.close();
    await model.close();
    await workspace.remove();
  };
  return { files: workspace, runtime, model, close };
};

const writes = (path: string, content: string): Turn[] => [call("write_file", { path, content }), finish];
const adds = {
  TestWriter: writes("test/add.test.js", newTest("../src/add.js")),
  Coder: writes("src/add.js", correct),
};

describe("a team on a project", () => {
  let project: Project | null = null;
  afterEach(async () => {
    await project?.close();
    project = null;
  });

  it("without any test: begins with none, and ends with one that passes", async () => {
    project = await open({ "package.json": nodeTest, "src/add.js": source }, adds);
    const { status, error } = await project.runtime.run("one round", { task: "Add.", file: "src/add.js" });
    assert.equal(status, "Succeeded", error?.message);
  });

  it("without a runner: says which ones there are, and how to name a command", async () => {
    project = await open(
      { "add.txt": "2 + 3\n" },
      { TestWriter: writes("test/add_test.rb", "assert 5"), Coder: [] },
    );
    const { status, error } = await project.runtime.run("one round", { task: "Add.", file: null });
    assert.deepEqual([status, error?.code], ["Failed", "no_test_runner"]);
    assert.match(error?.next_step ?? "", /--test-command/);
  });

  it("in a language without a runner: stops before a model is asked", async () => {
    project = await open({ "main.zig": "" }, adds);
    const { status, error } = await project.runtime.run("one round", { task: "Add.", file: "main.zig" });
    assert.deepEqual([status, error?.code, project.model.requests.length], ["Failed", "no_test_runner", 0]);
  });

  it("whose runner is not installed: stops before a model is asked, and works when it is mended", async () => {
    const files = { "package.json": manifest("mocha"), "src/add.js": source };
    project = await open(files, adds);
    const broken = await project.runtime.run("one round", { task: "Add.", file: "src/add.js" });
    assert.deepEqual([broken.status, broken.error?.code], ["Failed", "tests_cannot_run"]);
    assert.match(broken.error?.message ?? "", /mocha is not installed/);
    assert.match(broken.error?.next_step ?? "", /npm install/);
    assert.equal(project.model.requests.length, 0);
    await project.files.write("package.json", nodeTest);
    const mended = await project.runtime.run("one round", { task: "Add.", file: "src/add.js" });
    assert.equal(mended.status, "Succeeded", mended.error?.message);
  });

  it("in a folder of nothing but a source file: begins with an empty suite", async () => {
    const bare = "module.exports.add = (a, b) => a - b;\n";
    const test =
      'const { add } = require("../add.js");\nrequire("node:test").it("adds", () => require("node:assert").equal(add(2, 3), 5));\n';
    const { TestWriter, Coder } = {
      TestWriter: writes("test/add.test.js", test),
      Coder: writes("add.js", bare.replace("a - b", "a + b")),
    };
    project = await open({ "add.js": bare }, { TestWriter, Coder });
    const { status, error } = await project.runtime.run("one round", { task: "Add.", file: "add.js" });
    assert.equal(status, "Succeeded", error?.message);
  });

  const hangs = {
    "package.json": manifest("node hang.js"),
    "hang.js": "setInterval(() => {}, 1000);",
    "src/add.js": source,
  };

  it("whose runner hangs: stops it at the deadline and says so", async () => {
    const asserts = 'require("node:assert").equal(require("../src/add.js").add(2, 3), 5);\n';
    const script = { ...adds, TestWriter: writes("test/add.test.js", asserts) };
    project = await open(hangs, script, { test_timeout_seconds: 2 });
    const { status, error } = await project.runtime.run("one round", { task: "Add.", file: "src/add.js" });
    assert.deepEqual([status, error?.code], ["GateFailed", "gate_failed"]);
    assert.match(error?.message ?? "", /took longer than `test_timeout_seconds` allows/);
  });

  it("whose own command hangs: judges with the tests that Node runs without it", async () => {
    project = await open(hangs, adds, { test_timeout_seconds: 2 });
    const { status, error } = await project.runtime.run("one round", { task: "Add.", file: "src/add.js" });
    assert.equal(status, "Succeeded", error?.message);
  });

  it("whose runner crashes: does not take that for a failing test", async () => {
    const files = { "package.json": nodeTest, "src/add.js": source };
    const crash = "process.kill(process.pid, 'SIGKILL');";
    project = await open(files, { TestWriter: writes("test/add.test.js", crash), Coder: [] });
    const { status, stages } = await project.runtime.run("one round", { task: "Add.", file: "src/add.js" });
    assert.equal(status, "GateFailed");
    assert.equal(stages[0]?.gates[0]?.held, false);
  });

  it("with CRLF, a byte order mark, umlauts and spaces: keeps every byte it was not asked to change", async () => {
    const path = "quell code/größe.js";
    const before = `\uFEFF// Größe\r\nexport const add = (a, b) => a - b;\r\nexport const kept = 1;\r\n`;
    project = await open(
      { "package.json": nodeTest, [path]: before },
      {
        TestWriter: writes("test/add.test.js", newTest(`../${path}`)),
        Coder: [call("edit_file", { path, old_text: "a - b;\nexport", new_text: "a + b;\nexport" }), finish],
      },
    );
    const { status, error, task_id } = await project.runtime.run("one round", { task: "Add.", file: path });
    assert.equal(status, "Succeeded", error?.message);
    await project.runtime.call("changes/apply", { task_id });
    assert.equal(await readFile(join(project.files.root, path), "utf8"), before.replace("a - b", "a + b"));
  });

  it("in Latin-1: keeps every byte it was not asked to change", async () => {
    const before = Buffer.from("// Gr\u00f6\u00dfe\nexport const add = (a, b) => a - b;\n", "latin1");
    project = await open(
      { "package.json": nodeTest, "src/add.js": before },
      {
        TestWriter: adds.TestWriter,
        Coder: [call("edit_file", { path: "src/add.js", old_text: "a - b", new_text: "a + b" }), finish],
      },
    );
    const { status, error, task_id } = await project.runtime.run("one round", {
      task: "Add.",
      file: "src/add.js",
    });
    assert.equal(status, "Succeeded", error?.message);
    await project.runtime.call("changes/apply", { task_id });
    const after = await readFile(join(project.files.root, "src/add.js"));
    assert.equal(after.toString("latin1"), before.toString("latin1").replace("a - b", "a + b"));
  });

  it("with unsaved work: the team sees it, and the file on disk stays as it is", async () => {
    project = await open(
      { "package.json": nodeTest, "src/add.js": "export const add = 'an older text';\n" },
      adds,
    );
    const overlays = [{ path: "src/add.js", text: source }];
    const request = { task: "Add.", file: "src/add.js", options: { overlays } };
    const { status, error } = await project.runtime.run("one round", request);
    assert.equal(status, "Succeeded", error?.message);
    assert.match(JSON.stringify(project.model.requests[0]?.body), /a - b/);
    assert.match(await project.files.read("src/add.js"), /an older text/);
  });

  it("of 10,000 files: works as on any other", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`data/${index % 100}/${index}.txt`, `${index}\n`]),
    );
    project = await open({ ...many, "package.json": nodeTest, "src/add.js": source }, adds);
    const { status, error } = await project.runtime.run("one round", { task: "Add.", file: "src/add.js" });
    assert.equal(status, "Succeeded", error?.message);
  });

  const refused: [what: string, file: string, code: RegExp][] = [
    ["a file that does not exist", "src/none.js", /file_not_found/],
    ["a folder", "src", /not_a_text_file/],
    ["a binary file", "image.png", /not_a_text_file/],
    ["a file of 5 MB", "large.js", /file_too_large/],
    ["a secret", ".env", /ignored_file/],
    ["a file outside", "../outside.js", /outside_workspace|invalid_params/],
  ];
  it("refuses to begin on what is no file to work on, and stores nothing of it", async () => {
    const files = {
      "src/add.js": source,
      "image.png": Buffer.from([0x89, 0x50, 0, 0]),
      "large.js": "x".repeat(5 * 1024 * 1024),
      ".env": "KEY=1",
    };
    project = await open(files, { TestWriter: [], Coder: [] });
    for (const [what, file, code] of refused) {
      const request = { team_id: "one round", task: "Add.", file };
      await assert.rejects(
        project.runtime.call("teams/execute", request),
        (error: { code?: string }) => code.test(error.code ?? ""),
        what,
      );
    }
    assert.deepEqual(project.runtime.runtime.store.all("tasks"), []);
    assert.deepEqual(project.model.requests, []);
  });
});
