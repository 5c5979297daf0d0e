import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { fail } from "../../../schemas/errors.ts";
import type { Message } from "../../../schemas/messages.ts";
import { refusedIn, withoutWhat } from "../../../server/gateway/capabilities.ts";

const messages: Message[] = [
  { role: "user", content: [{ type: "text", text: "Go on." }] },
  {
    role: "assistant",
    content: [
      { type: "reasoning", text: "Hm.", signature: "claude:s" },
      { type: "text", text: "Yes." },
    ],
  },
];
const request = { system: "", messages, tools: [], temperature: null, max_tokens: 10 };
const refusal = (reason: string) => fail("provider_refused", { provider: "Claude", status: 400, reason });

describe("a refusal of thoughts that belong to another conversation", () => {
  const bound =
    "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.";

  it("is known, and the same request goes without them", () => {
    assert.equal(refusedIn(request, refusal(bound)), "thoughts");
    const kept = withoutWhat(new Set(["thoughts"]), request).messages[1];
    assert.deepEqual(kept, { role: "assistant", content: [{ type: "text", text: "Yes." }] });
  });

  const call = {
    type: "tool_call" as const,
    ...{ call_id: "1", tool: "look", arguments: {}, invalid: null, signature: "gemini:s" },
  };
  const signedCall = { ...request, messages: [{ role: "assistant" as const, content: [call] }] };

  for (const reason of [
    "Corrupted thought signature.",
    "Unable to submit request because Thought signature is not valid.",
    "Invalid thought signature.",
  ])
    it(`is known from Gemini, which then gets the calls unsigned: ${reason}`, () => {
      assert.equal(refusedIn(signedCall, refusal(reason)), "thoughts");
      const [kept] = withoutWhat(new Set(["thoughts"]), signedCall).messages;
      assert.deepEqual(kept?.content, [{ ...call, signature: null }]);
    });

  for (const reason of [
    "messages.1.content.5: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
    "messages.3.content.1: When providing `thinking` or `redacted_thinking` blocks, the blocks must match the parameters during the original request.",
  ])
    it(`is known in other words: ${reason}`, () => {
      assert.equal(refusedIn(request, refusal(reason)), "thoughts");
    });

  it("is not seen in other refusals, nor where no thoughts were sent", () => {
    assert.equal(refusedIn(request, refusal("max_tokens: too many")), null);
    assert.equal(refusedIn({ ...request, messages: messages.slice(0, 1) }, refusal(bound)), null);
  });
});

describe("a refusal of the question how to think", () => {
  for (const reason of [
    "thinking: Extra inputs are not permitted",
    "adaptive thinking is not supported on this model",
    'Unknown name "thinkingConfig": Cannot find field. thinking is unknown',
    "Unrecognized request argument supplied: thinking",
    "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.",
  ])
    it(`is known, and the same request goes without it: ${reason}`, () => {
      assert.equal(refusedIn(request, refusal(reason)), "thinking");
      assert.equal(withoutWhat(new Set(["thinking"]), request).thinking, false);
    });

  it("is not seen where the question was not asked", () => {
    const plain = { ...request, thinking: false };
    assert.equal(refusedIn(plain, refusal("thinking: Extra inputs are not permitted")), null);
  });
});
