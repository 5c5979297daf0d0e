import assert from "node:assert/strict";
import { CutValue, WHOLE_VALUE, WHOLE_VALUES } from "../../../schemas/execution.ts";
import type { Json } from "../../../schemas/primitives.ts";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import { pathsRead, toolCallsOf } from "../../../server/teams/stage/tool-calls.ts";

const EXECUTION = "00000000-0000-4000-8000-000000000001";

const called = (tool: string, input: Json, content: string, is_error = false): TranscriptEntry => ({
  type: "tool",
  at: "2026-01-31T12:00:00.000Z",
  turn: 1,
  outcome: { call_id: "1", tool, input, content, is_error, duration_ms: 1, changes: [] },
});
const note: TranscriptEntry = { type: "note", at: "2026-01-31T12:00:00.000Z", turn: 1, text: "Go on." };

describe("the tool calls of an execution", () => {
  it("keep input and output as the values they are", () => {
    const input = { path: "src/a.js", content: "x".repeat(3000) };
    const [call] = toolCallsOf(EXECUTION, [called("ask", input, '{"items":[1,{"name":"two"}]}')]);
    assert.deepEqual(call?.input, input);
    assert.deepEqual(call.output, { items: [1, { name: "two" }] });
  });

  it("keep text as text, also where it looks like JSON", () => {
    const texts = ["plain", "[not json", '"quoted"', "12"];
    const calls = toolCallsOf(
      EXECUTION,
      texts.map((text) => called("search", {}, text)),
    );
    assert.deepEqual(
      calls.map(({ output }) => output),
      texts,
    );
  });

  it("name the entry of the transcript for what is longer", () => {
    const long = "y".repeat(WHOLE_VALUE + 1);
    const entries = [note, called("read_file", { path: "a" }, "short"), note, called("read_file", {}, long)];
    const cut = CutValue.parse(toolCallsOf(EXECUTION, entries)[1]?.output);
    assert.equal(cut.characters, long.length);
    assert.ok(long.startsWith(cut.cut));
    const entry = entries[cut.transcript.entry];
    assert.ok(entry?.type === "tool" && entry.outcome.content === long);
    assert.equal(cut.transcript.execution_id, EXECUTION);
  });

  it("stay small together, however many there are", () => {
    const entries = Array.from({ length: 300 }, () => called("read_file", {}, "z".repeat(WHOLE_VALUE)));
    const calls = toolCallsOf(EXECUTION, entries);
    assert.equal(calls.length, 300);
    assert.equal(calls[0]?.output, "z".repeat(WHOLE_VALUE));
    assert.ok(JSON.stringify(calls).length < 3 * WHOLE_VALUES);
  });

  it("keep an error, and are no files that were read", () => {
    const failed = called("read_file", { path: "b.js" }, "There is no file b.js.", true);
    const tool_calls = toolCallsOf(EXECUTION, [failed, called("read_file", { path: "a.js" }, "1\tx")]);
    assert.equal(tool_calls[0]?.error, "There is no file b.js.");
    assert.deepEqual(pathsRead({ tool_calls }), ["a.js"]);
  });
});
