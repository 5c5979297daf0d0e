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
