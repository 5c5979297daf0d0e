import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import type { FinishedTurn } from "../../../schemas/worker.ts";
import {
  assistantMessage,
  finish,
  openTree,
  startWorker,
  type ScriptedTurn,
  type WorkerUnderTest,
} from "./runtime-peer.ts";
import { clear, readTree } from "./tree.ts";

const tree = { "src/a.ts": "export const a = 1;\n", "src/b.ts": "export const b = 1;\n" };
const prepared = { overlays: [], changes: [] };

describe("agent loop", () => {
  let worker: WorkerUnderTest;
  let source: string;
  before(async () => {
    worker = await startWorker();
  });
  after(() => worker.stop());
  beforeEach(async () => {
    source = await openTree(worker, tree);
  });
  afterEach(() => {
    clear(source);
  });
  const contents = (): string[] => worker.finished.map(({ outcome }) => outcome.content);

  it("works in its copy until the agent finishes, and hands back what changed", async () => {
    const result = await worker.runScript([
      [
        ["read_file", { path: "src/a.ts" }],
        ["list_files", { glob: "*.ts" }],
      ],
      [["edit_file", { path: "src/a.ts", old_text: "a = 1", new_text: "a = 2" }]],
      [["write_file", { path: "src/new/c.ts", content: "export const c = 3;\n" }]],
      [["search", { pattern: "export const \\w = [23]", regex: true }]],
      [finish],
    ]);
    assert.deepEqual(result, {
      outcome: "finished",
      summary: "Done.",
      reasoning: null,
      confidence: 0.9,
      completeness: 1,
      turns: 5,
    });
    assert.deepEqual(contents(), [
      "1\texport const a = 1;",
      "src/a.ts\nsrc/b.ts",
      "src/a.ts changed:\n1\texport const a = 2;",
      "src/new/c.ts: 1 lines written.",
      "src/a.ts:1: export const a = 2;\nsrc/new/c.ts:1: export const c = 3;",
      "Finished.",
    ]);
    const { changes } = await worker.call("workspace/changes", { write_access: "sources" });
    assert.deepEqual(
      changes.map(({ path }) => path),
      ["src/a.ts", "src/new/c.ts"],
    );
    assert.deepEqual(readTree(source), tree);
    assert.deepEqual(worker.started.slice(0, 3), [
      { tool: "read_file", subject: "src/a.ts" },
      { tool: "list_files", subject: "*.ts" },
      { tool: "edit_file", subject: "src/a.ts" },
    ]);
  });

  it("has each outcome stored before the next call, and before it acts on the next answer", async () => {
    const order: string[] = [];
    let recorded: Promise<void> = Promise.resolve();
    worker.onToolFinished = ({ outcome }) => {
      order.push(`${outcome.call_id} sent`);
      recorded = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => {
        order.push(`${outcome.call_id} stored`);
      });
      return recorded;
    };
    const script: ScriptedTurn[] = [
      [
        ["write_file", { path: "one.ts", content: "1" }],
        ["write_file", { path: "two.ts", content: "2" }],
      ],
      [finish],
    ];
    const running = worker.runScript(script);
    const scripted = worker.onGenerate;
    worker.onGenerate = async (params) => {
      // As the runtime does: it answers when the outcomes sent before are on disk.
      if (params.turn > 1) order.push(`turn ${params.turn} asked`);
      await recorded;
      return scripted(params);
    };
    await running;
    assert.deepEqual(order, [
      "call-1-0 sent",
      "call-1-0 stored",
      "call-1-1 sent",
      "turn 2 asked",
      "call-1-1 stored",
      "call-2-0 sent",
      "call-2-0 stored",
    ]);
    assert.deepEqual(
      worker.finished.map(({ turn, outcome }) => [turn, outcome.changes.map(({ path }) => path)]),
      [
        [1, ["one.ts"]],
        [1, ["two.ts"]],
        [2, []],
      ],
    );
  });

  it("goes on after any checkpoint of a worker that died, and ends with the same files", async () => {
    const script: ScriptedTurn[] = [
      [
        ["edit_file", { path: "src/a.ts", old_text: "a = 1", new_text: "a = 2" }],
        ["read_file", { path: "src/b.ts" }],
      ],
      "Let me think.",
      [
        [
          "run_command",
          { command: "node", args: ["-e", "fs.writeFileSync('made.ts', '1'); fs.rmSync('src/b.ts')"] },
        ],
      ],
      [["edit_file", { path: "src/a.ts", old_text: "a = 2", new_text: "a = 3" }]],
      [finish],
    ];
    const whole = await worker.runScript(script);
    const wanted = await worker.call("workspace/changes", { write_access: "sources" });
    const notes = worker.generated.map(({ note }) => note);
    const outcomes = worker.finished;
    assert.equal(outcomes.length, 5);
    for (let stored = 0; stored <= outcomes.length; stored += 1) {
      const kept = outcomes.slice(0, stored);
      // The turn after the last stored outcome was answered too: only its tool has to run again.
      const answered: number = kept.length === outcomes.length ? 5 : (outcomes[kept.length]?.turn ?? 1);
      const history: FinishedTurn[] = script.slice(0, answered).map((turn, index) => ({
        turn: index + 1,
        message: assistantMessage(index + 1, turn),
        stop_reason: "tool_calls",
        outcomes: kept.filter((each) => each.turn === index + 1).map(({ outcome }) => outcome),
        note: notes[index] ?? null,
      }));
      worker.finished = [];
      worker.generated = [];
      await worker.call("workspace/prepare", prepared);
      const result = await worker.runScript(script, { history });
      assert.deepEqual(result, whole);
      assert.deepEqual(await worker.call("workspace/changes", { write_access: "sources" }), wanted);
      assert.equal(worker.finished.length, outcomes.length - stored, `after ${stored} outcomes`);
      assert.deepEqual(
        worker.generated.map(({ turn, note }) => [turn, note]),
        notes.map((note, index) => [index + 1, note]).slice(answered),
      );
    }
  });

  it("is told nothing new by an answer that is stored already", async () => {
    const history: FinishedTurn[] = [1, 2, 3].map((turn) => ({
      turn,
      message: assistantMessage(turn, "I am thinking."),
      stop_reason: "end",
      outcomes: [],
      note: null,
    }));
    const result = await worker.runScript([], { history });
    assert.equal(result.outcome, "no_tool_calls");
    assert.equal(result.summary, "I am thinking.");
    assert.deepEqual(worker.generated, []);
  });

  it("ends for the limit of an answer, as stored, if thinking used it up three times", async () => {
    const history: FinishedTurn[] = [1, 2, 3].map((turn) => ({
      ...{ turn, message: { role: "assistant", content: [] }, stop_reason: "length" },
      ...{ outcomes: [], note: null },
    }));
    assert.equal((await worker.runScript([], { history })).outcome, "answers_cut");
  });

  it("ends at its turn limit", async () => {
    const script = Array.from({ length: 3 }, (_, turn): ScriptedTurn => [
      ["write_file", { path: "a.ts", content: String(turn) }],
    ]);
    const result = await worker.runScript(script, { max_turns: 3 });
    assert.deepEqual([result.outcome, result.turns], ["turn_limit", 3]);
    assert.equal(readFileSync(join(worker.place, "copy/workspace/a.ts"), "utf8"), "2");
  });

  it("settles at once when it is cancelled, while a model answers and while a command runs", async () => {
    for (const script of [
      [],
      [[["run_command", { command: "node", args: ["-e", "setInterval(() => {}, 1e6)"] }]]],
    ] as ScriptedTurn[][]) {
      const controller = new AbortController();
      const { promise: begun, resolve } = Promise.withResolvers<null>();
      const running = worker.call(
        "execution/run",
        {
          execution_id: "11111111-1111-4111-8111-111111111111",
          agent_type: "Coder",
          tools: ["run_command"],
          external_tools: [],
          write_access: "all",
          test_command: null,
          shown: [],
          known_failures: [],
          max_turns: 3,
          history: [],
        },
        controller.signal,
      );
      worker.onGenerate = ({ turn }) => {
        const next = script[turn - 1];
        setTimeout(
          () => {
            resolve(null);
          },
          next === undefined ? 0 : 100,
        );
        return next === undefined ? new Promise(() => undefined) : assistantMessage(turn, next);
      };
      await begun;
      const started = performance.now();
      controller.abort();
      await assert.rejects(running, (error) => error instanceof CoditectError && error.code === "cancelled");
      assert.ok(performance.now() - started < 5000);
    }
  });
});
