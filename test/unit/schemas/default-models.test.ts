import assert from "node:assert/strict";
import { AgentType, type ProviderName } from "../../../schemas/agent.ts";
import { BY_ROLE, providerForRole, roleModel } from "../../../schemas/default-models.ts";
import { carefulFeatures } from "../../../server/gateway/catalogue/features.ts";
import { featuresOf } from "../../../server/gateway/catalogue/catalogue.ts";
import { priceOf } from "../../../server/gateway/prices.ts";

const claude = (model: string) => ({ Claude: { model, max_tokens: 100 } });
const outputPrice = (provider: ProviderName, model: string): number => {
  const question = { provider, model, promptTokens: 0, at: Date.parse("2026-11-29"), centsPer1k: null };
  return priceOf(question, {})?.output ?? NaN;
};

describe("the model of a role", () => {
  it("is one that the table of models knows, for every provider and type of agent", () => {
    for (const provider of ["Claude", "Gemini", "Ollama", "HuggingFace"] as const)
      for (const type of AgentType.options) {
        const model = roleModel(provider, type, {});
        assert.notEqual(featuresOf(provider, model), carefulFeatures[provider], `${provider}/${model}`);
      }
  });

  it("costs least for the Documenter, and no more than the Coder's for the others", () => {
    for (const provider of ["Claude", "Gemini"] as const) {
      const price = (type: AgentType) => outputPrice(provider, roleModel(provider, type, {}));
      assert.ok(price("Documenter") < price("TestWriter"), provider);
      for (const type of AgentType.options) assert.ok(price(type) <= price("Coder"), `${provider} ${type}`);
    }
  });

  it("is the user's own where they chose one", () => {
    const chosen = { Claude: { Documenter: "claude-sonnet-5-5" } };
    assert.deepEqual(providerForRole(claude(BY_ROLE), "Documenter", chosen), claude("claude-sonnet-5-5"));
    assert.deepEqual(providerForRole(claude(BY_ROLE), "Coder", chosen), claude("claude-opus-5-5"));
  });

  it("does not replace a model that is named", () => {
    assert.deepEqual(providerForRole(claude("own"), "Coder", { Claude: { Coder: "x" } }), claude("own"));
  });
});
