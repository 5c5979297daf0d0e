import assert from "node:assert/strict";
import { targetOf } from "../../../server/gateway/targets.ts";

const endpointOf = (provider: Parameters<typeof targetOf>[0], endpoint: string): string =>
  targetOf(provider, { Claude: endpoint, Gemini: endpoint, HuggingFace: endpoint }).endpoint;

const claude = { Claude: { model: "m", max_tokens: 1 } };
const gemini = { Gemini: { model: "m", max_tokens: 1 } };
const huggingface = { HuggingFace: { model: "m", api_key: "secret:huggingface" } };

describe("the address of a provider", () => {
  const base = "https://proxy.example/team";

  it("loses what its client adds itself, and users copy with it", () => {
    for (const end of ["", "/", "//", "/v1", "/v1/", "/v1/messages"])
      assert.equal(endpointOf(claude, base + end), base, end);
    for (const end of ["", "/", "/v1beta", "/v1beta/", "/v1beta/models", "/v1"])
      assert.equal(endpointOf(gemini, base + end), base, end);
    for (const end of ["", "/", "/api", "/api/", "/api/chat", "/api/generate", "/v1", "/v1/chat/completions"])
      assert.equal(endpointOf({ Ollama: { model: "m", endpoint: base + end } }, ""), base, end);
  });

  it("keeps the version where its client adds none", () => {
    for (const end of ["/v1", "/v1/", "/v1/chat/completions", "/v1/chat/completions/"])
      assert.equal(endpointOf(huggingface, base + end), `${base}/v1`, end);
  });

  it("keeps every other path", () => {
    assert.equal(endpointOf(claude, "https://proxy.example/v1/team"), "https://proxy.example/v1/team");
    assert.equal(endpointOf(gemini, "https://api.example/google"), "https://api.example/google");
  });
});
