import assert from "node:assert/strict";
import type { AIProvider } from "../../../schemas/agent.ts";
import type { ModelInfo } from "../../../schemas/contract.ts";
import { firstModelOf, modelOverview } from "../../../schemas/model-overview.ts";

const info = (provider: AIProvider, name: string, problem_code: ModelInfo["problem_code"]): ModelInfo => ({
  provider,
  name,
  available: problem_code === null,
  problem: problem_code === null ? null : "says why",
  problem_code,
  price: null,
  context_window: null,
});
const ollama = (model: string, code: ModelInfo["problem_code"] = null): ModelInfo =>
  info({ Ollama: { model, endpoint: "http://127.0.0.1:11434" } }, model, code);
const claude = (model: string, code: ModelInfo["problem_code"] = null): ModelInfo =>
  info({ Claude: { model, max_tokens: 100 } }, model, code);

describe("the overview of models", () => {
  const readiness = (...items: ModelInfo[]) =>
    Object.fromEntries(modelOverview(items).map((provider) => [provider.name, provider.readiness]));

  it("tells what a provider lacks", () => {
    const found = readiness(ollama("qwen3", "provider_unreachable"), claude("c", "credential_missing"));
    assert.equal(found.Ollama, "unreachable");
    assert.equal(found.Claude, "no_key");
    assert.equal(readiness(claude("c", "credential_rejected")).Claude, "no_key");
    assert.equal(readiness(ollama("qwen3")).Ollama, "ready");
  });

  it("takes a provider that lists nothing for one without models", () => {
    assert.equal(readiness().Ollama, "no_model");
  });

  it("begins with our default where it is listed, else with the first model", () => {
    const first = (...items: ModelInfo[]) => {
      const [provider] = modelOverview(items);
      return provider === undefined ? null : firstModelOf(provider);
    };
    const [, byRole] = modelOverview([claude("claude-sonnet-5-5"), claude("claude-opus-5-5")]);
    assert.ok(byRole);
    assert.deepEqual(firstModelOf(byRole), claude("auto").provider);
    assert.deepEqual(first(ollama("gemma3"), ollama("qwen3-coder:30b")), ollama("qwen3-coder:30b").provider);
    assert.deepEqual(first(ollama("gemma3"), ollama("mistral")), ollama("gemma3").provider);
    assert.equal(first(), null);
  });
});
