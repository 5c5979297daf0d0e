import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { finish, openTree, startWorker, type ScriptedTurn, type WorkerUnderTest } from "./runtime-peer.ts";
import { clear } from "./tree.ts";

/** Each run of its test leaves a mark in a folder that tools generate, which is no change of anyone's. */
const project = {
  "package.json": '{"scripts":{"test":"node --test"}}',
  "src/a.js": "exports.a = 1;\n",
  "test/a.test.js": [
    'const fs = require("node:fs");',
    'const { a } = require("../src/a.js");',
    'require("node:test")("is one", () => {',
    '  fs.mkdirSync("coverage", { recursive: true });',
    '  fs.appendFileSync("coverage/runs", "x");',
    "  if (a !== 1) throw new Error(`it is ${a}`);",
    "});",
  ].join("\n"),
};
type Call = Exclude<ScriptedTurn, string>[number];

const runTests: Call = ["run_tests", {}];
const setTo = (value: number): Call => [
  "write_file",
  { path: "src/a.js", content: `exports.a = ${value};\n` },
];
const again = "\n[not run again: no file has changed since]";

describe("results of tests that an agent runs", () => {
  let worker: WorkerUnderTest;
  let source: string;
  before(async () => {
    worker = await startWorker();
  });
  after(() => worker.stop());
  beforeEach(async () => {
    source = await openTree(worker, project);
  });
  afterEach(() => {
    clear(source);
  });

  const results = async (...calls: Call[]): Promise<string[]> => {
    await worker.runScript([...calls.map((call) => [call]), [finish]]);
    return worker.finished
      .filter(({ outcome }) => outcome.tool === "run_tests")
      .map(({ outcome }) => outcome.content);
  };
  const runs = (): number => readFileSync(join(worker.place, "copy/workspace/coverage/runs"), "utf8").length;

  it("are given again while no file has changed, and say so", async () => {
    const [first = "", second = ""] = await results(runTests, ["read_file", { path: "src/a.js" }], runTests);
    assert.match(first, /^The tests pass: 1 passed/);
    assert.equal(second, first + again);
    assert.equal(runs(), 1);
  });

  it("are measured anew after a change, and known again when it is undone", async () => {
    const told = await results(runTests, setTo(2), runTests, setTo(1), runTests);
    assert.deepEqual(
      told.map((content) => [content.startsWith("The tests pass"), content.endsWith(again)]),
      [
        [true, false],
        [false, false],
        [true, true],
      ],
    );
    assert.equal(runs(), 2);
  });

  it("are those of the very tests that were asked for", async () => {
    const one: Call = ["run_tests", { files: ["test/a.test.js"] }];
    assert.deepEqual(
      (await results(runTests, one)).map((content) => content.endsWith(again)),
      [false, false],
    );
    assert.equal(runs(), 2);
  });

  it("are measured anew after a command, which may have built what they read", async () => {
    const told = await results(runTests, ["run_command", { command: "node", args: ["-e", "0"] }], runTests);
    assert.ok(told.every((content) => !content.endsWith(again)));
    assert.equal(runs(), 2);
  });

  it("are always measured where the runtime asks for them", async () => {
    await results(runTests);
    const request = { files: null, name: null, coverage: false, command: null, timeout_seconds: 20 };
    for (let count = 0; count < 2; count += 1) await worker.call("tests/run", request);
    assert.equal(runs(), 3);
  });
});
