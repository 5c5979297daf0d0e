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
