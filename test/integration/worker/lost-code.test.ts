import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ToolOutcome } from "../../../schemas/transcript.ts";
import {
  assistantMessage,
  finish,
  openTree,
  startWorker,
  type ScriptedTurn,
  type WorkerUnderTest,
} from "./runtime-peer.ts";
import { clear } from "./tree.ts";

type Call = Exclude<ScriptedTurn, string>[number];

const bill = "export const total = () => 0;\n\nexport function receipt() {\n  return [];\n}\n";
const long = Array.from({ length: 2000 }, (_, index) => `export const value${index} = ${index};\n`);
const project = {
  "src/bill.js": bill,
  "src/long.js": long.join(""),
  "job.py": "def run():\n    go()\n    stop()\n",
};

describe("code that an agent leaves out", () => {
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

  const outcomes = async (calls: Call[], shown: { path: string; last_line: number | null }[] = []) => {
    worker.forget();
    await worker.runScript([...calls.map((call) => [call]), [finish]], { shown });
    return worker.finished.map(({ outcome }) => outcome);
  };
  const refusal = ([outcome]: ToolOutcome[]): string => {
    assert.ok(outcome?.is_error, outcome?.content);
    return outcome.content;
  };
  const held = (path: string): string => readFileSync(join(worker.place, "copy/workspace", path), "utf8");
  const write = (path: string, content: string, more = {}): Call => [
    "write_file",
    { path, content, ...more },
  ];

  it("is not replaced by a placeholder, in a whole file or in an edit", async () => {
    const total = "export const total = (list) => list.length;\n";
    const told = refusal(
      await outcomes([write("src/bill.js", `${total}\n// ... rest of the code remains ...\n`)]),
    );
    assert.match(told, /left as it is: line 3 of your text, ".*", stands for code that you left out/);
    const edit: Call = [
      "edit_file",
      {
        path: "src/bill.js",
        old_text: "  return [];",
        new_text: "  // ... existing code ...\n  return [1];",
      },
    ];
    assert.match(refusal(await outcomes([edit])), /line 1 of your text/);
    assert.equal(held("src/bill.js"), bill);
  });

  it("is not lost when the agent saw the file in part, until it has read the rest", async () => {
    const half = long.slice(0, 1000).join("");
    const shown = [{ path: "src/long.js", last_line: 1000 }];
    const told = refusal(await outcomes([write("src/long.js", half)], shown));
    assert.match(told, /not seen all of its 2000 lines, such as line 1001, and 1000 of those .* are missing/);
    const rest: Call = ["read_file", { path: "src/long.js", start_line: 1001 }];
    const [, written] = await outcomes([rest, write("src/long.js", half)], shown);
    assert.equal(written?.is_error, false);
    assert.equal(held("src/long.js"), half);
  });

  it("is not lost from a long file that it never read", async () => {
    assert.match(
      refusal(await outcomes([write("src/long.js", "export {};\n")])),
      /2000 lines, which you have not read/,
    );
    assert.equal((await outcomes([write("src/bill.js", "export {};\n")]))[0]?.is_error, false);
  });

  it("is written in parts where it is long, and a call that was cut says so", async () => {
    worker.onGenerate = ({ turn }) => {
      const message = assistantMessage(turn, turn === 1 ? [write("new.js", "")] : [finish]);
      const [call] = message.content;
      if (turn === 1 && call?.type === "tool_call")
        call.invalid = "the answer reached its limit of 4096 tokens";
      return message;
    };
    const answers = worker.onGenerate;
    worker.forget();
    const running = worker.runScript([]);
    worker.onGenerate = answers;
    await running;
    assert.match(
      worker.finished[0]?.outcome.content ?? "",
      /limit of 4096 tokens\. .*in parts .*append: true/,
    );
    await outcomes([write("new.js", "one();"), write("new.js", "two();\n", { append: true })]);
    assert.equal(held("new.js"), "one();\ntwo();\n");
  });

  it("keeps the last newline of a file", async () => {
    await outcomes([write("src/bill.js", "export const total = 1;")]);
    assert.equal(held("src/bill.js"), "export const total = 1;\n");
  });
});
