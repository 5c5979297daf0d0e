import type { Settings } from "./settings.ts";

/** Settings that are groups of others. */
type Group = "endpoints" | "limits" | "pool" | "retention" | "alerts";

/** A setting as people name it: `run_timeout_seconds`, `pool.max_instances`. */
export type SettingKey =
  Exclude<keyof Settings, Group> | { [Name in Group]: `${Name}.${keyof Settings[Name] & string}` }[Group];

/**
 * What a value in `.coditect/settings.json` of a workspace can do. Whatever the rule: it never gives an
 * agent more than the user does.
 *
 * - `lower`: a smaller number counts; `null`, no cap, is the largest.
 * - `off`: only `false` counts.
 * - `subset`: of what the user lists, what the workspace lists as well.
 * - `user`: nothing; it is the user's alone.
 * - `any`: every value; it gives nobody more rights.
 * - a list: a value further behind counts, from the loosest to the strictest.
 */
export type WorkspaceRule = "lower" | "off" | "subset" | "user" | "any" | readonly string[];

export interface SettingRow {
  /** What it does, for lists and the editor's Settings. */
  text: string;
  workspace: WorkspaceRule;
}

/** Every setting of the runtime. Its type, its bounds and its default are those of `Settings`. */
export const settingTable: Readonly<Record<SettingKey, SettingRow>> = {
  provider: { text: "Provider and model of agents that have none of their own.", workspace: "user" },
  "endpoints.Claude": { text: "Address to use instead of Claude's own.", workspace: "user" },
  "endpoints.Gemini": { text: "Address to use instead of Gemini's own.", workspace: "user" },
  "endpoints.HuggingFace": { text: "Address to use instead of Hugging Face's own.", workspace: "user" },
  "endpoints.Ollama": { text: "Address where Ollama lists and pulls models.", workspace: "user" },
  runtime: {
    text: "Where instances run when neither the run nor the agent says so.",
    workspace: ["Local", "Docker"],
  },
  image: { text: "Container image of instances in Docker.", workspace: "user" },
  fall_back_to_local: {
    text: "Run on this machine when no container engine can be used.",
    workspace: "off",
  },
  unconfined: {
    text: "Whether agents may run commands where no sandbox is available.",
    workspace: ["allow", "ask", "refuse"],
  },
  untrusted: { text: "Let nothing in .coditect of the workspace decide anything.", workspace: "user" },
  allowed_hosts: { text: "Hosts, as host:port, that commands of agents may reach.", workspace: "subset" },
  allowed_commands: {
    text: "Programs that agents may run besides the project's tests.",
    workspace: "subset",
  },
  "limits.tokens_per_execution": { text: "Most tokens of one execution.", workspace: "lower" },
  "limits.tokens_per_run": { text: "Most tokens of one run.", workspace: "lower" },
  "limits.tokens_per_day": { text: "Most tokens of one day (UTC).", workspace: "lower" },
  "limits.cost_per_execution": { text: "Most US dollars of one execution.", workspace: "lower" },
  "limits.cost_per_run": { text: "Most US dollars of one run.", workspace: "lower" },
  "limits.cost_per_day": { text: "Most US dollars of one day (UTC).", workspace: "lower" },
  requests_per_minute: { text: "Most model requests per minute and provider.", workspace: "lower" },
  tokens_per_minute: { text: "Most tokens per minute and provider.", workspace: "lower" },
  context_tokens: { text: "Tokens of the workspace that an agent gets with its task.", workspace: "lower" },
  context_embeddings: {
    text: "Rank files by embeddings when not all of them fit into the context.",
    workspace: "off",
  },
  test_timeout_seconds: { text: "Seconds that a run of the project's tests may take.", workspace: "lower" },
  run_timeout_seconds: { text: "Seconds that a run may take.", workspace: "lower" },
  response_cache: { text: "Use a stored answer when a model is asked the same again.", workspace: "off" },
  min_confidence: { text: "Hide findings whose confidence is lower.", workspace: "any" },
  lessons: { text: "Draw lessons from your feedback and give them to later runs.", workspace: "off" },
  auto_apply: { text: "Apply the changes of a run without asking when every gate held.", workspace: "off" },
  durability: { text: "When a stored record counts as kept.", workspace: ["os", "fsync"] },
  "pool.max_instances": { text: "Most instances at once.", workspace: "lower" },
  "pool.min_idle": { text: "Warm instances to keep for each type of agent.", workspace: "lower" },
  "pool.idle_minutes": { text: "Minutes after which an idle instance ends.", workspace: "lower" },
  "pool.recycle_after": { text: "Executions after which an instance is replaced.", workspace: "lower" },
  "pool.max_queued": { text: "Executions that may wait for an instance.", workspace: "lower" },
  "pool.health_interval_seconds": { text: "Seconds between two health checks.", workspace: "any" },
  "pool.health_deadline_seconds": { text: "Seconds that a health check may take.", workspace: "any" },
  "pool.memory_mb": { text: "Most memory of an instance, in MB.", workspace: "lower" },
  "pool.cpus": { text: "Most processors of an instance.", workspace: "lower" },
  "pool.pids": { text: "Most processes of an instance.", workspace: "lower" },
  "pool.disk_mb": { text: "Most disk space of an instance, in MB.", workspace: "lower" },
  "retention.days": { text: "Days after which ended runs are removed.", workspace: "user" },
  "retention.runs": { text: "Ended runs that are kept.", workspace: "user" },
  "retention.megabytes": {
    text: "Megabytes of transcripts and file contents that are kept.",
    workspace: "user",
  },
  "alerts.failure_rate": { text: "Share of a day's executions that may fail.", workspace: "lower" },
  "alerts.failure_executions": {
    text: "Executions of a day before its failure rate counts.",
    workspace: "lower",
  },
  "alerts.limit_share": {
    text: "Share of a cap on tokens, cost, memory or disk that may be used.",
    workspace: "lower",
  },
  "alerts.provider_errors": {
    text: "Executions of a day that may fail because of one provider.",
    workspace: "lower",
  },
  "alerts.instance_failures": { text: "Instances that may fail on a day.", workspace: "lower" },
  "alerts.cost_per_day": {
    text: "US dollars of a day that are an alert; without, the limit of the day.",
    workspace: "lower",
  },
  "alerts.webhook": { text: "Address that gets each alert.", workspace: "user" },
};

// Object.keys gives string[]; the type of `settingTable` says that its keys are all there are.
export const settingKeys = Object.keys(settingTable) as SettingKey[];

export const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(settingTable, key);
