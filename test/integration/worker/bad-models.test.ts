import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../../schemas/primitives.ts";
import type { ToolOutcome } from "../../../schemas/transcript.ts";
import type { WorkerParams } from "../../../schemas/worker.ts";
import { assistantMessage, finish, startWorker, type WorkerUnderTest } from "./runtime-peer.ts";
import { clear, readTree, temporaryFolder, writeTree } from "./tree.ts";

const tree = {
  "src/a.ts": "export const a = 1;\nexport const aa = 1;\n",
  "test/a.test.ts": "import '../src/a.ts';\n",
  "vitest.config.ts": "export default {};\n",
};

describe("bad models", () => {
  let worker: WorkerUnderTest;
  let source: string;
  let place: string;
  before(async () => {
    worker = await startWorker();
  });
  after(() => worker.stop());
  beforeEach(async () => {
    worker.forget();
    place = temporaryFolder("bad-models");
    source = join(place, "source");
    writeTree(source, tree);
    writeTree(place, { "outside/secret.txt": "mine" });
    await worker.initialize(source);
    await worker.call("workspace/prepare", { overlays: [], changes: [] });
  });
  afterEach(() => {
    assert.deepEqual(readTree(source), tree);
    assert.deepEqual(readTree(join(place, "outside")), { "secret.txt": "mine" });
    clear(place);
  });

  /** The outcome of one call, made by an agent that finishes after it. */
  const outcomeOf = async (
    tool: string,
    args: Json,
    execution: Partial<WorkerParams<"execution/run">> = {},
  ): Promise<ToolOutcome> => {
    worker.finished = [];
    const result = await worker.runScript([[[tool, args]], [finish]], execution);
    assert.equal(result.outcome, "finished");
    const [first] = worker.finished;
    assert.ok(first);
    return first.outcome;
  };

  const refusalOf = async (...call: Parameters<typeof outcomeOf>): Promise<string> => {
    const { is_error, content, changes } = await outcomeOf(...call);
    assert.ok(is_error, content);
    assert.deepEqual(changes, []);
    return content;
  };

  it("that never call a tool are asked to, and end", async () => {
    const result = await worker.runScript(["I will.", "I would.", "I did it all."]);
    assert.deepEqual([result.outcome, result.turns, result.summary], ["no_tool_calls", 3, "I did it all."]);
    assert.deepEqual(
      worker.generated.map(({ note }) => note?.slice(0, 20) ?? null),
      [null, "You called no tool, ", "You called no tool, "],
    );
  });

  it("that call an unknown tool, or one their stage has not, learn which there are", async () => {
    assert.equal(
      await refusalOf("bash", { command: "ls" }, { tools: ["read_file", "finish"] }),
      "There is no tool bash. There are: read_file, finish.",
    );
    assert.match(
      await refusalOf("write_file", { path: "a.ts", content: "" }, { tools: ["read_file", "finish"] }),
      /There is no tool write_file/,
    );
  });

  it("that send malformed arguments learn what is wrong with them", async () => {
    assert.match(
      await refusalOf("read_file", { file: "src/a.ts" }),
      /path: is missing.*file: is not a known field/s,
    );
    assert.match(await refusalOf("read_file", { path: "src/a.ts", start_line: "x" }), /start_line: .*number/);
    assert.match(await refusalOf("read_file", "src/a.ts"), /must be an object/);
    assert.match(await refusalOf("finish", { summary: "All done." }), /confidence: .*completeness:/s);
    assert.equal((await outcomeOf("read_file", { path: "src/a.ts", start_line: null })).is_error, false);
  });

  it("whose arguments could not be read have nothing run", async () => {
    worker.onGenerate = ({ turn }) => {
      const message = assistantMessage(
        turn,
        turn === 1 ? [["write_file", '{"path": "a.ts", "cont']] : [finish],
      );
      const [call] = message.content;
      if (turn === 1 && call?.type === "tool_call") call.invalid = "The JSON ends in the middle.";
      return message;
    };
    const answers = worker.onGenerate;
    const running = worker.runScript([]);
    worker.onGenerate = answers;
    await running;
    assert.match(
      worker.finished[0]?.outcome.content ?? "",
      /could not be read: The JSON ends in the middle\./,
    );
    assert.ok(!existsSync(join(worker.place, "copy/workspace/a.ts")));
  });

  it("whose edits match nothing or twice leave the file byte for byte, and are told to write it whole", async () => {
    const edit = (old_text: string): [string, Json] => [
      "edit_file",
      { path: "src/a.ts", old_text, new_text: "x" },
    ];
    await worker.runScript([[edit("export const b = 1;")], [edit("export")], [finish]]);
    const [nothing, twice] = worker.finished.map(({ outcome }) => outcome.content);
    assert.match(
      nothing ?? "",
      /not changed: old_text is not in it\. The nearest lines are:\n1\texport const a = 1;/,
    );
    assert.match(twice ?? "", /not changed: old_text stands there 2 times, at lines 1, 2/);
    assert.match(worker.generated[2]?.note ?? "", /2 edits of src\/a\.ts failed.*write_file/);
    assert.equal(readFileSync(join(worker.place, "copy/workspace/src/a.ts"), "utf8"), tree["src/a.ts"]);
  });

  it("that make the same call forever are told, and ended", async () => {
    const script = Array.from({ length: 9 }, (): [string, Json][] => [["read_file", { path: "src/a.ts" }]]);
    const result = await worker.runScript(script);
    assert.deepEqual([result.outcome, result.turns], ["repeated", 4]);
    assert.match(worker.generated[3]?.note ?? "", /read_file 3 times/);
  });

  it("cannot read or write outside the workspace", async () => {
    symlinkSync(join(place, "outside"), join(worker.place, "copy/workspace/out"));
    symlinkSync("../../..", join(worker.place, "copy/workspace/up"));
    const paths = [
      "../secret",
      "src/../../a",
      join(place, "outside/secret.txt"),
      "out/secret.txt",
      "up/x",
      "C:\\x",
    ];
    for (const path of paths) {
      for (const [tool, args] of [
        ["read_file", { path }],
        ["write_file", { path, content: "stolen" }],
        ["edit_file", { path, old_text: "mine", new_text: "stolen" }],
      ] as const) {
        assert.match(await refusalOf(tool, args), /outside the workspace/, `${tool} ${path}`);
      }
    }
    assert.deepEqual(await worker.call("workspace/changes", { write_access: "all" }), {
      changes: [],
      put_back: ["out", "up"],
    });
  });

  it("cannot make a link out with a command and write through it", async () => {
    const script = `fs.symlinkSync(${JSON.stringify(join(place, "outside"))}, "out")`;
    const made = await outcomeOf("run_command", { command: "node", args: ["-e", script] });
    assert.match(made.content, /put back, this stage may not write them: out/);
    assert.ok(!existsSync(join(worker.place, "copy/workspace/out")));
  });

  it("cannot write what is closed to them, nor dependencies", async () => {
    for (const path of [
      ".env",
      "src/.env.local",
      ".git/hooks/post-commit",
      "keys/id_rsa",
      ".coditect/state/state.json",
    ]) {
      assert.match(await refusalOf("write_file", { path, content: "x" }), /Agents may not read/, path);
    }
    assert.match(
      await refusalOf("write_file", { path: "node_modules/left-pad/index.js", content: "x" }),
      /dependencies are read only/,
    );
  });

  it("cannot change a test as Coder: not with a tool, and not with a command", async () => {
    for (const path of ["test/a.test.ts", "vitest.config.ts", "src/new.test.ts"]) {
      assert.match(
        await refusalOf("write_file", { path, content: "x" }, { write_access: "sources" }),
        /is (a test file|test configuration), and the stage may write everything but tests/,
      );
    }
    const script =
      "fs.writeFileSync('test/a.test.ts', ''); fs.rmSync('vitest.config.ts'); fs.writeFileSync('src/a.ts', '2')";
    const outcome = await outcomeOf(
      "run_command",
      { command: "node", args: ["-e", script] },
      { write_access: "sources" },
    );
    assert.match(
      outcome.content,
      /put back, this stage may not write them: test\/a\.test\.ts, vitest\.config\.ts\]/,
    );
    assert.deepEqual(
      outcome.changes.map(({ path, content }) => [path, content?.data]),
      [["src/a.ts", "2"]],
    );
  });

  it("cannot change the test script of a package as Coder, and may change the rest", async () => {
    const manifest = (test: string, version: string): string =>
      JSON.stringify({ version, scripts: { test } });
    writeTree(source, { "package.json": manifest("vitest run", "1.0.0") });
    await worker.call("workspace/prepare", { overlays: [], changes: [] });
    const write = (content: string): [string, Json] => ["write_file", { path: "package.json", content }];
    assert.match(
      await refusalOf(...write(manifest("exit 0", "1.0.0")), { write_access: "sources" }),
      /package\.json\. .*partly tests or test configuration/,
    );
    assert.equal(
      (await outcomeOf(...write(manifest("vitest run", "2.0.0")), { write_access: "sources" })).is_error,
      false,
    );
    const script = `fs.writeFileSync("package.json", ${JSON.stringify(manifest("true", "3.0.0"))})`;
    const { content } = await outcomeOf(
      "run_command",
      { command: "node", args: ["-e", script] },
      { write_access: "sources" },
    );
    assert.match(content, /put back, this stage may not write them: package\.json/);
    rmSync(join(source, "package.json"));
  });

  it("cannot change the tests inside a source as Coder, but can change the code next to them", async () => {
    const crate = (body: string, expected: number): string =>
      `pub fn one() -> i32 { ${body} }\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn is_one() { assert_eq!(super::one(), ${expected}); }\n}\n`;
    writeTree(source, { "src/lib.rs": crate("0", 1) });
    await worker.call("workspace/prepare", { overlays: [], changes: [] });
    const write = (content: string): [string, Json] => ["write_file", { path: "src/lib.rs", content }];
    assert.match(
      await refusalOf(...write(crate("0", 0)), { write_access: "sources" }),
      /src\/lib\.rs\. .*partly tests or test configuration/,
    );
    const { is_error, changes } = await outcomeOf(...write(crate("1", 1)), { write_access: "sources" });
    assert.deepEqual([is_error, changes.map(({ path }) => path)], [false, ["src/lib.rs"]]);
    rmSync(join(source, "src/lib.rs"));
  });

  it("cannot reach a test through a link as Coder", async () => {
    symlinkSync("../test", join(worker.place, "copy/workspace/src/alias"));
    assert.match(
      await refusalOf(
        "write_file",
        { path: "src/alias/a.test.ts", content: "" },
        { write_access: "sources" },
      ),
      /the stage may write everything but tests/,
    );
    assert.match(
      await refusalOf(
        "write_file",
        { path: "src/alias/helper.ts", content: "" },
        { write_access: "sources" },
      ),
      /may not write test\/helper\.ts\. .* test file/,
    );
  });

  it("cannot run programs that are not allowed, however they are written", async () => {
    for (const command of ["rm", "/bin/sh", "./node", "node; rm -rf .", "npm test", ""]) {
      if (command === "") continue;
      assert.match(
        await refusalOf("run_command", { command, args: [] }),
        /may not be run here\. These may: node.*There is no shell/,
        command,
      );
    }
    const words = await outcomeOf("run_command", { command: "node --version" });
    assert.match(words.content, /^Exit code 0\.\nv\d+/);
  });

  it("that flood a command's output get its head and tail", async () => {
    const script =
      "process.stdout.write('begin'); process.stdout.write('x'.repeat(2e6)); process.stdout.write('end')";
    const { content } = await outcomeOf("run_command", { command: "node", args: ["-e", script] });
    assert.match(content, /^Exit code 0\.\nbeginx+\n… \d+ bytes cut …\nx+end$/);
    assert.ok(content.length < 8400);
  });

  it("get no secret of the worker's environment from a command", async () => {
    const { content } = await outcomeOf("run_command", {
      command: "node",
      args: ["-e", "console.log(Object.keys(process.env).join())"],
    });
    assert.match(content, /PATH/);
    assert.doesNotMatch(content, /npm_|NODE_|KEY|TOKEN/);
  });

  it("that send 1 MB of text have it written, and cannot empty a file", async () => {
    const large = "const x = 1;\n".repeat(80_000);
    assert.equal(
      (await outcomeOf("write_file", { path: "large.ts", content: large })).content,
      "large.ts: 80000 lines written.",
    );
    assert.match(
      (await outcomeOf("read_file", { path: "large.ts" })).content,
      /\[cut: lines 1 to 1500 of 80000; read on/,
    );
    assert.match(
      await refusalOf("write_file", { path: "src/a.ts", content: "\n" }),
      /would lose all of its text/,
    );
  });

  it("cannot hang a search with a regular expression", async () => {
    await outcomeOf("write_file", { path: "slow.txt", content: `${"a".repeat(60)}!\n` });
    const started = performance.now();
    assert.match(await refusalOf("search", { pattern: "^(a+)+$", regex: true }), /takes longer than 3 s/);
    assert.ok(performance.now() - started < 15_000);
    assert.match(await refusalOf("search", { pattern: "(", regex: true }), /no regular expression/);
    assert.equal((await outcomeOf("search", { pattern: "(" })).content, "Nothing matches (.");
  });

  it("that report findings at places that are not there report nothing", async () => {
    const finding = {
      path: "src/a.ts",
      start_line: 1,
      end_line: 1,
      severity: "High",
      category: "bug",
      title: "Wrong",
      explanation: "It is.",
      confidence: 0.9,
    };
    assert.match(
      await refusalOf("report_findings", {
        findings: [
          { ...finding, end_line: 99 },
          { ...finding, path: "b.ts" },
        ],
      }),
      /Finding 1: src\/a\.ts has 2 lines, not 99\. Finding 2: b\.ts does not exist\./,
    );
    assert.match(
      await refusalOf("report_findings", {
        findings: [{ ...finding, fix: { old_text: "export", new_text: "" } }],
      }),
      /stands 2 times/,
    );
    assert.equal(worker.reported.length, 0);
    const { content } = await outcomeOf("report_findings", { findings: [finding] });
    assert.match(content, /^Reported as [0-9a-f-]{36}\.$/);
    assert.equal(worker.reported[0]?.operation_id, "1:call-1-0");
  });
});
