import assert from "node:assert/strict";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import { compactBefore } from "../../../server/executions/compaction.ts";
import { buildConversation, finishedTurns } from "../../../server/executions/conversation.ts";
import { usageOf } from "../../../server/executions/usage.ts";

const at = "2026-01-31T12:00:00.000Z";
const prompt: TranscriptEntry = {
  type: "prompt",
  at,
  system: "Agent: Coder",
  messages: [{ role: "user", content: [{ type: "text", text: "Do it." }] }],
  tools: [],
};
const answer = (turn: number, input = 100, cached = false): TranscriptEntry => ({
  type: "answer",
  at,
  turn,
  message: {
    role: "assistant",
    content: [
      {
        type: "tool_call",
        call_id: `c${turn}`,
        tool: "read_file",
        arguments: {},
        invalid: null,
        signature: null,
      },
    ],
  },
  stop_reason: "tool_calls",
  usage: { input, cache_read: 10, cache_write_5m: 0, cache_write_1h: 0, output: 5, reasoning: 0 },
  cost: 0.01,
  provider: "Ollama",
  model: "m",
  cached,
  duration_ms: 1,
});
const tool = (turn: number, content = "text"): TranscriptEntry => ({
  type: "tool",
  at,
  turn,
  outcome: {
    call_id: `c${turn}`,
    tool: "read_file",
    input: {},
    content,
    is_error: false,
    duration_ms: 1,
    changes: [],
  },
});
const note = (turn: number): TranscriptEntry => ({ type: "note", at, turn, text: "Use a tool." });

describe("a conversation made from a transcript", () => {
  it("keeps the thoughts since the last compaction alone: a signed one holds for what came before it", () => {
    const thoughtful = (turn: number): TranscriptEntry => {
      const entry = answer(turn);
      if (entry.type !== "answer") throw new TypeError("an answer is one");
      const thought = { type: "reasoning" as const, text: `${turn}`, signature: "claude:s" };
      return { ...entry, message: { role: "assistant", content: [thought, ...entry.message.content] } };
    };
    const compacted: TranscriptEntry = { type: "compacted", at, before_turn: 1 };
    const entries = [prompt, thoughtful(1), tool(1), compacted, thoughtful(2), tool(2)];
    const thoughts = buildConversation(entries).messages.flatMap(({ content }) =>
      content.flatMap((part) => (part.type === "reasoning" ? [part.text] : [])),
    );
    assert.deepEqual(thoughts, ["2"]);
  });

  it("alternates between user and model, with results and notes of a turn in one message", () => {
    const { system, messages } = buildConversation([prompt, answer(1), tool(1), note(2), answer(2), tool(2)]);
    assert.equal(system, "Agent: Coder");
    assert.deepEqual(
      messages.map(({ role, content }) => [role, ...content.map((part) => part.type)]),
      [
        ["user", "text"],
        ["assistant", "tool_call"],
        ["user", "tool_result", "text"],
        ["assistant", "tool_call"],
        ["user", "tool_result"],
      ],
    );
  });

  it("does not change the transcript it is made from", () => {
    const entries = [prompt, tool(1)];
    const before = structuredClone(entries);
    buildConversation(entries);
    assert.deepEqual(entries, before);
  });

  it("folds long results before a compaction, and only those", () => {
    const long = "x".repeat(5000);
    const entries: TranscriptEntry[] = [prompt, answer(1), tool(1, long), answer(2), tool(2, long)];
    const { messages } = buildConversation([...entries, { type: "compacted", at, before_turn: 2 }]);
    const lengths = messages.flatMap(({ content }) =>
      content.flatMap((part) => (part.type === "tool_result" ? [part.content.length] : [])),
    );
    assert.ok((lengths[0] ?? 0) < 400);
    assert.equal(lengths[1], long.length);
  });

  it("hands a worker the finished turns, each with its results and the note it answered", () => {
    const turns = finishedTurns([prompt, answer(1), tool(1), note(2), answer(2)]);
    assert.deepEqual(
      turns.map(({ turn, outcomes, note: told }) => [turn, outcomes.length, told]),
      [
        [1, 1, null],
        [2, 0, "Use a tool."],
      ],
    );
  });

  it("sums up what its answers used; one from the cache costs nothing", () => {
    const cached = answer(2, 100, true);
    const usage = usageOf([prompt, answer(1), tool(1), cached]);
    assert.deepEqual(
      [
        usage.input_tokens,
        usage.cache_read_tokens,
        usage.output_tokens,
        usage.api_calls,
        usage.tool_calls,
        usage.cost,
      ],
      [100, 10, 5, 1, 1, 0.01],
    );
  });
});

describe("an attempt that was paid for and gave no answer", () => {
  const usage = { input: 70, cache_read: 5, cache_write_5m: 0, cache_write_1h: 0, output: 3, reasoning: 0 };
  const spent = (cost: number | null): TranscriptEntry => ({
    type: "spent",
    at,
    turn: 2,
    usage,
    cost,
    provider: "Claude",
    model: "m",
    reason: "the stream was cut",
  });

  it("counts as used, and says nothing to the model", () => {
    const entries = [prompt, answer(1), tool(1), spent(0.002), answer(2)];
    const used = usageOf(entries);
    assert.deepEqual(
      [used.input_tokens, used.cache_read_tokens, used.output_tokens, used.api_calls, used.cost],
      [270, 25, 13, 3, 0.022],
    );
    const without = entries.filter(({ type }) => type !== "spent");
    assert.deepEqual(buildConversation(entries), buildConversation(without));
    assert.deepEqual(finishedTurns(entries), finishedTurns(without));
  });

  it("leaves the cost unknown where its price is", () => {
    assert.equal(usageOf([prompt, answer(1), spent(null)]).cost, null);
  });
});

describe("compaction", () => {
  const turns = (count: number, input: number) =>
    Array.from({ length: count }, (_, index) => [answer(index + 1, input), tool(index + 1)]).flat();

  it("does nothing while there is room", () => {
    assert.equal(compactBefore([prompt, ...turns(8, 100)], 9, 8000), null);
  });

  it("folds all but the latest turns when the window is nearly full", () => {
    assert.equal(compactBefore([prompt, ...turns(8, 7000)], 9, 8000), 5);
  });

  it("does not fold twice what is folded already", () => {
    const entries: TranscriptEntry[] = [prompt, ...turns(8, 7000), { type: "compacted", at, before_turn: 5 }];
    assert.equal(compactBefore(entries, 9, 8000), null);
  });
});
