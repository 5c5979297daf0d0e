import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Message } from "../../../schemas/messages.ts";
import { readFencedCalls } from "../../../server/gateway/fenced.ts";
import { claudeBody } from "../../../server/gateway/providers/claude-request.ts";
import { geminiBody } from "../../../server/gateway/providers/gemini-request.ts";
import { huggingFaceBody } from "../../../server/gateway/providers/huggingface-request.ts";
import { ollamaBody } from "../../../server/gateway/providers/ollama.ts";

const messages: Message[] = [
  { role: "user", content: [{ type: "text", text: "Go." }] },
  {
    role: "assistant",
    content: [
      { type: "reasoning", text: "I look.", signature: null },
      { type: "tool_call", call_id: "call_1", tool: "look", arguments: {}, invalid: null, signature: null },
    ],
  },
  {
    role: "user",
    content: [
      { type: "tool_result", call_id: "call_1", tool: "look", content: "Nothing.", is_error: false },
      { type: "text", text: "Hurry." },
    ],
  },
];
const request = { system: "", messages, tools: [], temperature: null, max_tokens: 4096 };

describe("the request for models of a kind", () => {
  it("keeps Mistral's order of roles and its form of ids", () => {
    const sent = huggingFaceBody("mistralai/Devstral-Small-2507", request).messages;
    assert.deepEqual(
      sent.map(({ role }) => role),
      ["user", "assistant", "tool"],
    );
    assert.equal(sent[2]?.content, "Nothing.\n\nHurry.");
    const ids = [...JSON.stringify(sent).matchAll(/"(?:id|tool_call_id)":"([^"]*)"/g)];
    const [made, answered] = ids.map(([, id]) => id);
    assert.match(made ?? "", /^[a-z0-9]{9}$/);
    assert.equal(made, answered);
  });

  it("gives DeepSeek and Kimi the reasoning of a call back, and others none", () => {
    const sentTo = (model: string) => huggingFaceBody(model, request).messages[1];
    for (const model of ["deepseek-ai/DeepSeek-V3.2", "moonshotai/Kimi-K2-Thinking"])
      assert.equal(Reflect.get(sentTo(model) ?? {}, "reasoning_content"), "I look.", model);
    assert.equal(Reflect.has(sentTo("Qwen/Qwen3-Coder") ?? {}, "reasoning_content"), false);
  });

  it("has Claude think with a summary unless its service refuses that", () => {
    assert.deepEqual(claudeBody("claude-sonnet-5-5", request).thinking, {
      type: "adaptive",
      display: "summarized",
    });
    assert.equal(claudeBody("claude-sonnet-5-5", { ...request, thinking: false }).thinking, undefined);
    assert.equal(claudeBody("claude-sonnet-4-5", request).thinking, undefined);
  });

  it("forces no model to call a tool", () => {
    const tools = [{ name: "look", description: "Looks.", schema: { type: "object" } }];
    const asked = { ...request, tools };
    const bodies = [
      claudeBody("claude-haiku-4-5", asked),
      geminiBody("gemini-3.8-flash", asked),
      ollamaBody("qwen3-coder", asked, 32_768),
      huggingFaceBody("Qwen/Qwen3-Coder", asked),
    ];
    for (const body of bodies) {
      const sent = JSON.stringify(body);
      assert.match(sent, /"look"/);
      assert.doesNotMatch(sent, /tool_?choice|tool_?config|functionCallingConfig/i);
    }
  });

  it("leaves room for Gemini's answer beside its thoughts", () => {
    const config = (model: string, max_tokens: number): unknown =>
      Reflect.get(geminiBody(model, { ...request, max_tokens }).generationConfig ?? {}, "thinkingConfig");
    assert.deepEqual(config("gemini-3.8-flash", 4096), { thinkingLevel: "low" });
    assert.equal(config("gemini-3.8-flash", 16_384), undefined);
    assert.deepEqual(config("gemini-2.5-pro", 4096), { thinkingBudget: 2048 });
    assert.equal(config("gemini-2.5-flash-lite", 4096), undefined);
  });

  const withId = (call_id: string, signature: string | null = null): Message[] => [
    {
      role: "user",
      content: [
        { type: "text", text: "Go." },
        { type: "text", text: " " },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "text", text: "I look." },
        { type: "reasoning", text: "", signature: "gemini-text:abc" },
        { type: "tool_call", call_id, tool: "look", arguments: {}, invalid: null, signature },
      ],
    },
    {
      role: "user",
      content: [{ type: "tool_result", call_id, tool: "look", content: "Nothing.", is_error: false }],
    },
  ];

  it("has IDs that Claude accepts, and no empty text, whichever provider made the earlier calls", () => {
    for (const id of ["functions.look:0", "call 1", "a".repeat(70), "toolu_01"]) {
      const { messages } = claudeBody("claude-sonnet-5-5", { ...request, messages: withId(id) });
      const [said, ...others] = messages[0]?.content ?? [];
      assert.partialDeepStrictEqual(said, { type: "text", text: "Go." });
      assert.deepEqual(others, []);
      const found = [...JSON.stringify(messages).matchAll(/"(?:tool_use_id|id)":"([^"]*)"/g)];
      const [made, answered, ...more] = found.map(([, each]) => each);
      assert.match(made ?? "", /^[a-zA-Z0-9_-]{1,64}$/);
      assert.deepEqual([answered, more], [made, []]);
      if (id === "toolu_01") assert.equal(made, id);
    }
  });

  it("returns the signatures of Gemini's texts with the texts", () => {
    const { contents } = geminiBody("gemini-3.8-flash", { ...request, messages: withId("c1", "gemini:xyz") });
    assert.deepEqual(contents[1]?.parts, [
      { text: "I look.", thoughtSignature: "abc" },
      { functionCall: { name: "look", args: {} }, thoughtSignature: "xyz" },
    ]);
  });

  it("returns the signatures of Gemini's calls through its OpenAI-compatible API too", () => {
    const extraOf = (model: string, signature: string | null): unknown => {
      const [, message] = huggingFaceBody(model, { ...request, messages: withId("c1", signature) }).messages;
      return Reflect.get(message?.tool_calls?.[0] ?? {}, "extra_content");
    };
    const signedWith = (thought_signature: string) => ({ google: { thought_signature } });
    assert.deepEqual(extraOf("gemini-3.8-flash", "gemini:xyz"), signedWith("xyz"));
    const unsigned = signedWith("skip_thought_signature_validator");
    assert.deepEqual(extraOf("google/gemini-3.8-flash", null), unsigned);
    assert.equal(extraOf("gemini-2.5-flash", null), undefined);
    assert.equal(extraOf("Qwen/Qwen3-Coder", "gemini:xyz"), undefined);
  });

  it("keeps an Ollama model loaded between turns", () => {
    assert.equal(ollamaBody("qwen3", request, 8192).keep_alive, "30m");
  });
});

describe("a call that is only quoted", () => {
  const tools = [{ name: "look", description: "", schema: {} }];
  const call = '<tool_call>{"name": "look", "arguments": {}}</tool_call>';
  for (const text of [`\`\`\`xml\n${call}\n\`\`\``, `\`\`\`\n${call}\n\`\`\``, `Write \`${call}\` for it.`])
    it(`is none: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(readFencedCalls(text, tools, 1), [{ type: "text", text }]);
    });

  it("is found in no time among thousands", () => {
    assert.equal(readFencedCalls(`\`${call}\`\n`.repeat(5000), tools, 1).length, 1);
  });
});
