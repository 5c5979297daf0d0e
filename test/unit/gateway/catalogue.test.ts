import assert from "node:assert/strict";
import { defaultModels } from "../../../schemas/default-models.ts";
import {
  answerLimit,
  featuresOf,
  listedPrice,
  modelNames,
} from "../../../server/gateway/catalogue/catalogue.ts";

const limit = (model: string, asked: number, maxTokens: number | null = null): number =>
  answerLimit({ provider: "Claude", model, maxTokens }, { max_tokens: asked });

describe("what is known of models", () => {
  it("has their window, and a careful guess of one", () => {
    assert.equal(featuresOf("Claude", "claude-sonnet-5-5").window, 1_000_000);
    assert.equal(featuresOf("Ollama", "qwen2.5-coder:7b").window, 32_768);
    assert.equal(featuresOf("Ollama", "somebodys/model").window, 32_768);
  });

  it("takes a dated name for the same model, and a longer one for another", () => {
    assert.deepEqual(
      featuresOf("Claude", "claude-haiku-4-5-20251001"),
      featuresOf("Claude", "claude-haiku-4-5"),
    );
    assert.notDeepEqual(featuresOf("Claude", "claude-opus-4"), featuresOf("Claude", "claude-opus-4-7"));
  });

  it("knows every default model", () => {
    for (const provider of ["Claude", "Gemini", "Ollama"] as const)
      assert.ok(modelNames(provider).includes(defaultModels[provider]), defaultModels[provider]);
  });
});

describe("the limit of an answer", () => {
  it("leaves room for thoughts unless a limit was set", () => {
    assert.equal(limit("claude-sonnet-5-5", 4096), 16_384);
    assert.equal(limit("claude-sonnet-4-5", 4096), 4096);
    assert.equal(limit("claude-sonnet-5-5", 2000), 2000);
  });

  it("is the user's own, also where that is the default of agents", () => {
    const target = { provider: "Claude", model: "claude-sonnet-5-5", maxTokens: null } as const;
    assert.equal(answerLimit(target, { max_tokens: 4096, max_tokens_by: "user" }), 4096);
    assert.equal(answerLimit(target, { max_tokens: 4096, max_tokens_by: "model" }), 16_384);
  });

  it("has more room the longer a model is asked to think", () => {
    const target = { provider: "Claude", model: "claude-opus-5-5", maxTokens: null } as const;
    assert.equal(answerLimit(target, { max_tokens: 4096, effort: "low" }), 16_384);
    assert.equal(answerLimit(target, { max_tokens: 4096, effort: "max" }), 65_536);
    assert.equal(answerLimit(target, { max_tokens: 4096, max_tokens_by: "user", effort: "max" }), 4096);
  });

  it("is never over what the model can answer or the provider's setting allows", () => {
    assert.equal(limit("claude-3-5-haiku", 64_000), 8192);
    assert.equal(limit("claude-sonnet-5-5", 4096, 8192), 8192);
  });
});

describe("which price a name has", () => {
  const at = Date.parse("2026-11-29T12:00:00Z");
  const price = (provider: "Claude" | "Gemini", model: string) => listedPrice(provider, model, 100, at);

  it("is that of the model for its builds", () => {
    assert.deepEqual(price("Claude", "claude-haiku-4-5-20251001"), price("Claude", "claude-haiku-4-5"));
    assert.deepEqual(price("Gemini", "gemini-2.5-flash-001"), price("Gemini", "gemini-2.5-flash"));
    assert.notEqual(price("Gemini", "gemini-2.5-flash"), null);
  });

  for (const name of ["gemini-2.5-flash:batch", "gemini-2.5-flash-of-somebody", "my-gemini-2.5-flash"])
    it(`is unknown for ${name}: a wrong price is worse than none`, () => {
      assert.equal(price("Gemini", name), null);
    });

  it("is not that of the shorter name for another model", () => {
    assert.notDeepEqual(price("Claude", "claude-opus-4-5"), price("Claude", "claude-opus-4"));
  });
});
