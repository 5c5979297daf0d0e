import assert from "node:assert/strict";
import { callCollector, type CallPiece } from "../../../server/gateway/providers/call-pieces.ts";
import { wholeAnswer } from "../../../server/gateway/providers/parts.ts";
import { noUsage } from "../../../server/gateway/tokens.ts";

const piece = (changes: Partial<CallPiece>): CallPiece => ({
  index: null,
  id: null,
  name: null,
  arguments: null,
  ...changes,
});

const callsOf = (pieces: readonly CallPiece[]): unknown[] => {
  const collector = callCollector();
  for (const each of pieces) collector.add(each);
  return collector.parts(1).map((part) => (part.type === "tool_call" ? [part.tool, part.arguments] : part));
};

describe("calls in a stream", () => {
  const both = [
    ["read", { path: "a" }],
    ["read", { path: "b" }],
  ];

  it("are two if they have one id, but an index and a name each", () => {
    const pieces = ["a", "b"].map((path, index) =>
      piece({ index, id: "c", name: "read", arguments: JSON.stringify({ path }) }),
    );
    assert.deepEqual(callsOf(pieces), both);
  });
  const [a, b] = ['{"path":"a"}', '{"path":"b"}'];
  const streams: Readonly<Record<string, CallPiece[]>> = {
    "with an index each": [
      piece({ index: 0, id: "1", name: "read" }),
      piece({ index: 1, id: "2", name: "read" }),
      piece({ index: 0, arguments: a }),
      piece({ index: 1, arguments: b }),
    ],
    "with index 0 for all": [
      piece({ index: 0, id: "1", name: "read", arguments: a }),
      piece({ index: 0, id: "2", name: "read", arguments: b }),
    ],
    "without index and id": [piece({ name: "read", arguments: a }), piece({ name: "read", arguments: b })],
    "with the id in every piece and no index": [
      piece({ id: "1", name: "read", arguments: '{"path"' }),
      piece({ id: "1", arguments: ':"a"}' }),
      piece({ id: "2", name: "read", arguments: b }),
    ],
    "with the arguments as objects": [
      piece({ id: "1", name: "read", arguments: { path: "a" } }),
      piece({ id: "2", name: "read", arguments: { path: "b" } }),
    ],
    "encoded twice": [
      piece({ index: 0, id: "1", name: "read", arguments: JSON.stringify(a) }),
      piece({ index: 1, id: "2", name: "read", arguments: JSON.stringify(b) }),
    ],
  };
  for (const [how, pieces] of Object.entries(streams)) {
    it(`are put together ${how}`, () => {
      assert.deepEqual(callsOf(pieces), both);
    });
  }

  it("get ids of their own where two have the same", () => {
    const call = { type: "tool_call" as const, tool: "read", arguments: {}, invalid: null, signature: null };
    const to = { provider: "Gemini" as const, model: "m", endpoint: "e" };
    const content = [1, 2].map(() => ({ ...call, call_id: "same" }));
    const { message } = wholeAnswer(to, content, "end", noUsage);
    const ids = message.content.map((part) => (part.type === "tool_call" ? part.call_id : ""));
    assert.equal(new Set(ids).size, 2);
  });
});
