import { randomUUID } from "node:crypto";
import type {
  AgentCapability,
  AgentConfig,
  AgentSettings,
  AgentStatus,
  AgentType,
  AIProvider,
  ProviderName,
} from "../../schemas/agent.ts";
import { applyPatch, type Timestamp } from "../../schemas/primitives.ts";

/** Documents: "Default Capabilities by Type". */
const capabilitiesByType: Readonly<Record<AgentType, readonly AgentCapability[]>> = {
  TestWriter: ["WriteUnitTests", "WriteIntegrationTests"],
  Coder: ["ImplementCode", "OptimizePerformance"],
  Reviewer: ["ReviewCode", "QualityAssurance"],
  Security: ["AnalyzeSecurity", "ReviewCode"],
  Architecture: ["DesignArchitecture", "ReviewCode"],
  Documenter: ["GenerateDocumentation"],
  Orchestrator: ["OrchestrateAgents"],
  QualityControl: ["QualityAssurance", "ReviewCode"],
};

/** The documents say "varies by agent type": exact work is cold, writing for people is warmer. */
const temperatureByType: Readonly<Record<AgentType, number>> = {
  TestWriter: 0.2,
  Coder: 0.2,
  Reviewer: 0.1,
  Security: 0,
  Architecture: 0.4,
  Documenter: 0.4,
  Orchestrator: 0.1,
  QualityControl: 0,
};

/** Cents per 1,000 tokens where no price of the model is known. The documents: "provider-specific". */
const centsPer1kTokens: Readonly<Record<ProviderName, number>> = {
  Claude: 0.9,
  Gemini: 0.4,
  Ollama: 0,
  HuggingFace: 0.1,
  VSCode: 0.1,
};

/** Name of the provider, its model, and what else it is configured with. */
export const describeProvider = (
  provider: AIProvider,
): { name: ProviderName; model: string; endpoint: string | null; credential: string | null } => {
  if ("Claude" in provider)
    return { name: "Claude", model: provider.Claude.model, endpoint: null, credential: null };
  if ("Gemini" in provider)
    return { name: "Gemini", model: provider.Gemini.model, endpoint: null, credential: null };
  if ("Ollama" in provider) {
    return {
      name: "Ollama",
      model: provider.Ollama.model,
      endpoint: provider.Ollama.endpoint,
      credential: null,
    };
  }
  if ("VSCode" in provider)
    return { name: "VSCode", model: provider.VSCode.model, endpoint: null, credential: null };
  const { model, api_key } = provider.HuggingFace;
  return { name: "HuggingFace", model, endpoint: null, credential: api_key };
};

/** Documents: `AgentConfig::default_capabilities`. */
export const defaultCapabilities = (agentType: AgentType): AgentCapability[] => [
  ...capabilitiesByType[agentType],
];

/** Documents: `AgentConfig::default_settings`. */
export const defaultSettings = (provider: AIProvider, agentType: AgentType): AgentSettings => ({
  temperature: temperatureByType[agentType],
  max_tokens: 4096,
  effort: null,
  cost_per_1k_tokens: centsPer1kTokens[describeProvider(provider).name],
  max_retries: 3,
  timeout_seconds: 120,
  custom_prompts: {},
  failover: [],
  tools: null,
  tool_definitions: [],
  runtime: null,
  memory_mb: null,
  limits: null,
});

/** Settings with what a user changes; a limit that is set is the user's own, also where it is the default. */
export const changedSettings = (
  settings: AgentSettings,
  changes: { [Field in keyof AgentSettings]?: AgentSettings[Field] | undefined },
): AgentSettings =>
  applyPatch(settings, {
    ...(changes.max_tokens !== undefined && { max_tokens_by: "user" as const }),
    ...changes,
  });

export interface NewAgent {
  tenant_id: string;
  name: string;
  agent_type: AgentType;
  provider: AIProvider;
}

/** A new agent, available, with the defaults of its type. Documents: `AgentConfig::new`. */
export const newAgent = (agent: NewAgent, now: Timestamp): AgentConfig => ({
  agent_id: randomUUID(),
  tenant_id: agent.tenant_id,
  name: agent.name,
  agent_type: agent.agent_type,
  provider: agent.provider,
  capabilities: defaultCapabilities(agent.agent_type),
  status: "Available",
  settings: defaultSettings(agent.provider, agent.agent_type),
  created_at: now,
  updated_at: now,
  last_active_at: null,
});

/** Documents: `AgentConfig::update_status`; `Busy` counts as task assignment (`last_active_at`). */
export const updateStatus = (agent: AgentConfig, status: AgentStatus, now: Timestamp): AgentConfig => ({
  ...agent,
  status,
  updated_at: now,
  last_active_at: status === "Busy" ? now : agent.last_active_at,
});

/**
 * The agent with the capability, and whether it was added: false if the agent had it already.
 * Documents: `AgentConfig::add_capability`, whose result is that boolean.
 */
export const addCapability = (
  agent: AgentConfig,
  capability: AgentCapability,
  now: Timestamp,
): { agent: AgentConfig; added: boolean } =>
  agent.capabilities.includes(capability)
    ? { agent, added: false }
    : {
        agent: { ...agent, capabilities: [...agent.capabilities, capability], updated_at: now },
        added: true,
      };

/** Cents for that many tokens at `cost_per_1k_tokens`. Documents: `AgentConfig::estimate_cost`. */
export const estimateCost = (agent: AgentConfig, tokens: number): number =>
  (tokens / 1000) * agent.settings.cost_per_1k_tokens;
