import { z } from "zod";
import { withoutLogin } from "./logins.ts";
import { Count, Timestamp, Uuid } from "./primitives.ts";
import { UserTool } from "./tool-definition.ts";

/** Functional category of an agent. Documents: "AgentType Enum". */
export const AgentType = z.enum([
  "TestWriter",
  "Coder",
  "Reviewer",
  "Security",
  "Architecture",
  "Documenter",
  "Orchestrator",
  "QualityControl",
]);
export type AgentType = z.infer<typeof AgentType>;

/** What an agent can do. Documents: "AgentCapability Enum". */
export const AgentCapability = z.enum([
  "WriteUnitTests",
  "WriteIntegrationTests",
  "ImplementCode",
  "ReviewCode",
  "AnalyzeSecurity",
  "DesignArchitecture",
  "GenerateDocumentation",
  "OrchestrateAgents",
  "QualityAssurance",
  "OptimizePerformance",
]);
export type AgentCapability = z.infer<typeof AgentCapability>;

/** How much a model thinks before it answers; each takes some of these levels, or none. */
export const Effort = z.enum(["minimal", "low", "medium", "high", "xhigh", "max"]);
export type Effort = z.infer<typeof Effort>;

/**
 * Who decides how long an answer may be. `model`: a model whose thoughts count against the limit gets more
 * than the documents' default of `max_tokens`; `user`: nobody changes `max_tokens`.
 */
export const AnswerLimitBy = z.enum(["model", "user"]);
export type AnswerLimitBy = z.infer<typeof AnswerLimitBy>;

/** Name of a type of agents that a user made, such as `DatabaseMigrator`. Documents: "Custom Agent Types". */
export const CustomType = z.string().regex(/^[A-Z][A-Za-z0-9]{0,63}$/, "must be one word, such as Migrator");

/** Current availability of an agent. Documents: "AgentStatus Enum". */
export const AgentStatus = z.enum(["Available", "Busy", "Starting", "Stopping", "Error", "Offline"]);
export type AgentStatus = z.infer<typeof AgentStatus>;

const Model = z.string().min(1);
/** Agents and runs are stored: a name and password belong to the user's `endpoints`. */
const StoredAddress = z.url({ protocol: /^https?$/ }).overwrite(withoutLogin);

/**
 * The service that answers, with its own settings, serialised as the documents' language does by
 * default: `{"Claude":{"model":"…","max_tokens":8192}}`. Documents: "AIProvider Enum".
 *
 * `HuggingFace.api_key` holds a reference such as `secret:huggingface`, never a key: the key lives
 * in the editor's secret storage, the environment, or the encrypted credentials file.
 *
 * `VSCode` is ours: a language model that VS Code lends, named `VENDOR/ID`. It answers only in VS Code.
 */
export const AIProvider = z.union([
  z.strictObject({ Claude: z.strictObject({ model: Model, max_tokens: Count.min(1) }) }),
  z.strictObject({ Gemini: z.strictObject({ model: Model, max_tokens: Count.min(1) }) }),
  z.strictObject({ Ollama: z.strictObject({ model: Model, endpoint: StoredAddress }) }),
  z.strictObject({
    HuggingFace: z.strictObject({ model: Model, api_key: z.string().regex(/^secret:[a-z0-9-]+$/) }),
  }),
  z.strictObject({ VSCode: z.strictObject({ model: Model }) }),
]);
export type AIProvider = z.infer<typeof AIProvider>;

/** The same service with another of its models. */
export const withModel = (provider: AIProvider, model: string): AIProvider => {
  if ("Claude" in provider) return { Claude: { ...provider.Claude, model } };
  if ("Gemini" in provider) return { Gemini: { ...provider.Gemini, model } };
  if ("Ollama" in provider) return { Ollama: { ...provider.Ollama, model } };
  if ("VSCode" in provider) return { VSCode: { model } };
  return { HuggingFace: { ...provider.HuggingFace, model } };
};

/** Name of a provider, as in {@link AIProvider}. */
export const ProviderName = z.enum(["Claude", "Gemini", "Ollama", "HuggingFace", "VSCode"]);
export type ProviderName = z.infer<typeof ProviderName>;

/** Execution environment of an instance. Documents: AgentInstance, "Purpose". */
export const RuntimeType = z.enum(["CloudRun", "Kubernetes", "Docker", "Local"]);
export type RuntimeType = z.infer<typeof RuntimeType>;

/** Where instances run: one runtime, or several in the order in which they are tried. */
export const RuntimeChoice = z.union([
  RuntimeType,
  z
    .array(RuntimeType)
    .min(1)
    .refine((list) => new Set(list).size === list.length, "must name each runtime once"),
]);
export type RuntimeChoice = z.infer<typeof RuntimeChoice>;

/** The runtimes of a choice, the first one first. */
export const runtimesOf = (choice: RuntimeChoice): RuntimeType[] =>
  typeof choice === "string" ? [choice] : choice;

/** The one that is tried first. */
export const firstRuntime = (choice: RuntimeChoice): RuntimeType => runtimesOf(choice)[0] ?? "Local";

/**
 * Hard caps, checked before each model call. `null` means no cap. Documents: "Resource Limits"
 * (token limits, cost limits); the caps per run and per day are ours.
 */
export const Limits = z.strictObject({
  /** Input and output of one execution. */
  tokens_per_execution: Count.nullable().default(null),
  /** Input and output of all executions of a run. */
  tokens_per_run: Count.nullable().default(null),
  /** Input and output of all runs of a day (UTC). */
  tokens_per_day: Count.nullable().default(null),
  /** Dollars. */
  cost_per_execution: z.number().nonnegative().nullable().default(null),
  /** Dollars. */
  cost_per_run: z.number().nonnegative().nullable().default(null),
  /** Dollars. */
  cost_per_day: z.number().nonnegative().nullable().default(null),
});
export type Limits = z.infer<typeof Limits>;

/**
 * Configuration of an agent. Documents: "AgentSettings Structure". The fields after
 * `custom_prompts` are ours; each has a default, so that a documented record is a valid one.
 */
export const AgentSettings = z.strictObject({
  /** From 0, the same answer each time, to 1. */
  temperature: z.number().min(0).max(1),
  /** Most tokens of one answer. */
  max_tokens: Count.min(1).default(4096),
  /** `user` as soon as `max_tokens` is set; left out: `model`. */
  max_tokens_by: AnswerLimitBy.exactOptional(),
  /** How much its model thinks; `null`: what the settings say, else as the model does on its own. */
  effort: Effort.nullable().default(null),
  /** Cents. The fallback, and the user's override, of the price table. */
  cost_per_1k_tokens: z.number().nonnegative(),
  max_retries: Count.default(3),
  /** Deadline of one model request, in seconds. */
  timeout_seconds: Count.min(1).default(120),
  /**
   * Custom prompts by place: `system` replaces the built-in system prompt, `system.append` is added
   * behind it; `prompt` and `prompt.append` do the same for the stage's instruction.
   */
  custom_prompts: z.record(z.string(), z.string()).default({}),
  /** Providers asked in this order when the first one cannot answer. */
  failover: z.array(AIProvider).default([]),
  /** Names of the tools the agent may use at most; `null`: those of its stage. */
  tools: z.array(z.string()).nullable().default(null),
  /** Custom tools that call an HTTP service. Documents: "Tool Integration". */
  tool_definitions: z.array(UserTool).default([]),
  /** Where its instances run; `null`: what the run or the settings say. */
  runtime: RuntimeChoice.nullable().default(null),
  /** Memory its instances need, in MB; `null`: `pool.memory_mb`. */
  memory_mb: Count.min(64).nullable().default(null),
  /** Caps on what this agent alone uses, in addition to those of the run and the settings. */
  limits: Limits.nullable().default(null),
});
export type AgentSettings = z.infer<typeof AgentSettings>;

/** Blueprint of an agent. Documents: "AgentConfig Model". */
export const AgentConfig = z.strictObject({
  agent_id: Uuid,
  tenant_id: Uuid,
  name: z.string().min(1),
  agent_type: AgentType,
  /** The user's own type that it is of; `agent_type` is what that is based on. Left out: none. */
  custom_type: CustomType.optional(),
  provider: AIProvider,
  capabilities: z.array(AgentCapability),
  status: AgentStatus,
  settings: AgentSettings,
  created_at: Timestamp,
  updated_at: Timestamp,
  last_active_at: Timestamp.nullable(),
});
export type AgentConfig = z.infer<typeof AgentConfig>;
