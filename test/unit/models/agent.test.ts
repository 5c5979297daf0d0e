import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { AgentConfig, AgentType, type AIProvider } from "../../../schemas/agent.ts";
import {
  addCapability,
  defaultCapabilities,
  defaultSettings,
  estimateCost,
  newAgent,
  updateStatus,
} from "../../../server/models/agent.ts";

const now = "2026-01-31T12:00:00.000Z";
const later = "2026-01-31T12:01:00.000Z";
const claude: AIProvider = { Claude: { model: "a-model", max_tokens: 8192 } };
const ollama: AIProvider = { Ollama: { model: "a-model", endpoint: "http://127.0.0.1:11434" } };
const coder = () =>
  newAgent({ tenant_id: randomUUID(), name: "Coder", agent_type: "Coder", provider: claude }, now);

describe("AgentConfig", () => {
  it("has the documented capabilities for each type", () => {
    assert.deepEqual(Object.fromEntries(AgentType.options.map((type) => [type, defaultCapabilities(type)])), {
      TestWriter: ["WriteUnitTests", "WriteIntegrationTests"],
      Coder: ["ImplementCode", "OptimizePerformance"],
      Reviewer: ["ReviewCode", "QualityAssurance"],
      Security: ["AnalyzeSecurity", "ReviewCode"],
      Architecture: ["DesignArchitecture", "ReviewCode"],
      Documenter: ["GenerateDocumentation"],
      Orchestrator: ["OrchestrateAgents"],
      QualityControl: ["QualityAssurance", "ReviewCode"],
    });
  });

  it("has the documented defaults in its settings", () => {
    const { max_tokens, max_retries, timeout_seconds, custom_prompts } = defaultSettings(claude, "Coder");
    assert.deepEqual(
      { max_tokens, max_retries, timeout_seconds, custom_prompts },
      { max_tokens: 4096, max_retries: 3, timeout_seconds: 120, custom_prompts: {} },
    );
  });

  it("is a valid record when it is new, available, and was never active", () => {
    const { status, last_active_at } = AgentConfig.parse(coder());
    assert.deepEqual([status, last_active_at], ["Available", null]);
  });

  it("counts as active from the moment it is busy", () => {
    const busy = updateStatus(coder(), "Busy", later);
    assert.deepEqual([busy.status, busy.last_active_at, busy.updated_at], ["Busy", later, later]);
    assert.equal(updateStatus(busy, "Available", now).last_active_at, later);
  });

  it("takes a capability once", () => {
    const { agent, added } = addCapability(coder(), "ReviewCode", later);
    assert.equal(added, true);
    assert.deepEqual(agent.capabilities, ["ImplementCode", "OptimizePerformance", "ReviewCode"]);
    assert.deepEqual(addCapability(agent, "ReviewCode", later), { agent, added: false });
  });

  it("estimates cents from the price per 1,000 tokens; a local model is free", () => {
    const agent = coder();
    const priced = { ...agent, settings: { ...agent.settings, cost_per_1k_tokens: 1.5 } };
    assert.equal(estimateCost(priced, 4000), 6);
    assert.equal(defaultSettings(ollama, "Coder").cost_per_1k_tokens, 0);
  });

  it("refuses a key where a reference to one belongs", () => {
    const provider = { HuggingFace: { model: "m", api_key: "hf_abcdefghijklmnop" } };
    assert.equal(AgentConfig.shape.provider.safeParse(provider).success, false);
    const reference = { HuggingFace: { model: "m", api_key: "secret:huggingface" } };
    assert.equal(AgentConfig.shape.provider.safeParse(reference).success, true);
  });
});
