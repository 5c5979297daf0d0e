import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { faultOfRefusal } from "../../../server/gateway/statuses.ts";

const to = { provider: "HuggingFace", model: "org/small", endpoint: "http://127.0.0.1:8080" } as const;
const errorOf = (status: number, body: unknown) =>
  faultOfRefusal({ status, headers: {}, body: JSON.stringify(body) }, to, 0).error;

const tooLong: readonly (readonly [string, number, string])[] = [
  ["Claude", 400, "prompt is too long: 212000 tokens > 200000 maximum"],
  [
    "Claude, with the answer",
    400,
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
  ],
  ["vLLM", 400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"],
  ["TGI", 422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"],
  ["llama.cpp", 400, "the request exceeds the available context size, try increasing it"],
  ["Groq", 413, "Please reduce the length of the messages or completion."],
  ["Groq, by its rate", 413, "Request too large for model `x` on tokens per minute (TPM): Limit 6000"],
  ["newer vLLM", 400, "The decoder prompt (length 40000) is longer than the maximum model length of 32768."],
  ["vLLM without room for an answer", 400, "max_tokens must be at least 1, got -512."],
  ["older llama.cpp", 500, "context size has been exceeded"],
  ["llama.cpp, by its batch", 500, "input is too large to process. increase the physical batch size"],
  ["SGLang", 400, "Input length (9000 tokens) exceeds the maximum allowed length (8192 tokens)."],
  ["Ollama", 400, "prompt too long; exceeded max context length by 812 tokens"],
  [
    "LM Studio",
    400,
    "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
  ],
  [
    "Mistral",
    400,
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
  ],
  ["Gemini", 400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."],
  ["Bedrock", 400, "Input is too long for requested model."],
  ["Copilot", 400, "prompt token count of 130211 exceeds the limit of 128000"],
  ["GitHub's models", 413, "Request body too large for gpt-4o model. Max size: 8000 tokens."],
  ["xAI", 400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."],
  ["Kimi", 400, "Invalid request: Your request exceeded model token limit: 131072"],
  ["GLM", 400, "Prompt exceeds max length"],
  ["Qwen", 400, "Range of input length should be [1, 30720]"],
  ["a proxy in front of it", 413, ""],
];

describe("what a provider refuses", () => {
  for (const [server, status, message] of tooLong)
    it(`is a conversation that is too long, in the words of ${server}`, () => {
      assert.equal(errorOf(status, { error: { message } }).code, "context_too_long");
    });

  it("names the larger number as the tokens, whichever comes first", () => {
    const { message } = errorOf(422, { error: { message: "`inputs` tokens must be <= 4096. Given: 5000" } });
    assert.match(message, /about 5000 tokens, and its context window is 4096/);
  });

  it("is a missing model where the answer speaks of one", () => {
    assert.equal(errorOf(404, { error: "model 'org/small' not found" }).code, "model_not_found");
  });

  it("is the endpoint where a 404 says nothing of a model", () => {
    const error = errorOf(404, { detail: "Not Found" });
    assert.equal(error.code, "provider_refused");
    assert.match(error.message, /check the endpoint/);
  });
});
