import type { Settings } from "./settings.ts";
import type { WorkspaceRule } from "./tighten.ts";

/** Settings that are groups of others. */
type Group = "endpoints" | "limits" | "pool" | "kubernetes" | "cloud_run" | "retention" | "alerts";

/** A setting as people name it: `run_timeout_seconds`, `pool.max_instances`. */
export type SettingKey =
  Exclude<keyof Settings, Group> | { [Name in Group]: `${Name}.${keyof Settings[Name] & string}` }[Group];

export interface SettingRow {
  /** What it does, for lists and the editor's Settings. */
  text: string;
  /** What a value in `.coditect/settings.json` of a workspace can do. */
  workspace: WorkspaceRule;
}

/** Every setting of the runtime. Its type, its bounds and its default are those of `Settings`. */
export const settingTable: Readonly<Record<SettingKey, SettingRow>> = {
  provider: { text: "The provider and model of agents that do not set their own.", workspace: "user" },
  role_models: {
    text: "Models by provider and agent type, for agents whose model is auto.",
    workspace: "user",
  },
  "endpoints.Claude": {
    text: "The URL to use instead of Claude's own. Takes effect at the next start.",
    workspace: "user",
  },
  "endpoints.Gemini": {
    text: "The URL to use instead of Gemini's own. Takes effect at the next start.",
    workspace: "user",
  },
  "endpoints.HuggingFace": {
    text: "The URL to use instead of Hugging Face's own. Takes effect at the next start.",
    workspace: "user",
  },
  "endpoints.Ollama": {
    text: "The URL of the Ollama server. Takes effect at the next start.",
    workspace: "user",
  },
  runtime: {
    text: "Where instances run if neither the run nor the agent sets a runtime. A list is tried in its order.",
    workspace: ["Local", "Docker"],
  },
  local_only: { text: "Run instances on this machine only.", workspace: "on" },
  image: { text: "The container image for the Docker runtime.", workspace: "user" },
  fall_back_to_local: {
    text: "Run on this machine when no container engine can be used.",
    workspace: "off",
  },
  unconfined: {
    text: "Whether agents may run commands where no sandbox is available.",
    workspace: ["allow", "ask", "refuse"],
  },
  untrusted: {
    text: "Ignore the agents, teams and settings in the workspace's .coditect folder.",
    workspace: "user",
  },
  allowed_hosts: {
    text: "Hosts that the commands of agents can connect to, as host:port.",
    workspace: "subset",
  },
  allowed_commands: {
    text: "Programs that agents can run in addition to the project's tests.",
    workspace: "subset",
  },
  permissions: {
    text: "Whether agents can ask you to allow a program or host that allowed_commands or allowed_hosts does not list.",
    workspace: ["ask", "refuse"],
  },
  mcp_files: {
    text: "Files of other tools whose MCP servers agents can use, after you allow them.",
    workspace: "subset",
  },
  instruction_files: {
    text: "Files whose instructions agents follow, such as AGENTS.md or CLAUDE.md.",
    workspace: "subset",
  },
  "limits.tokens_per_execution": {
    text: "The maximum number of tokens for one execution.",
    workspace: "lower",
  },
  "limits.tokens_per_run": { text: "The maximum number of tokens for one run.", workspace: "lower" },
  "limits.tokens_per_day": { text: "The maximum number of tokens for one day (UTC).", workspace: "lower" },
  "limits.cost_per_execution": {
    text: "The maximum cost of one execution, in US dollars.",
    workspace: "lower",
  },
  "limits.cost_per_run": { text: "The maximum cost of one run, in US dollars.", workspace: "lower" },
  "limits.cost_per_day": { text: "The maximum cost of one day (UTC), in US dollars.", workspace: "lower" },
  requests_per_minute: {
    text: "The maximum number of model requests per minute and provider.",
    workspace: "lower",
  },
  tokens_per_minute: { text: "The maximum number of tokens per minute and provider.", workspace: "lower" },
  context_tokens: {
    text: "The maximum number of tokens of workspace content in an agent's first prompt.",
    workspace: "lower",
  },
  context_embeddings: {
    text: "Rank files by embeddings when not all of them fit into the context.",
    workspace: "off",
  },
  test_timeout_seconds: {
    text: "The maximum duration of one run of the project's tests, in seconds.",
    workspace: "lower",
  },
  test_report: {
    text: "The report that the project's test command writes, JUnit XML or TAP: a path, a glob, or - for what it prints. Leave empty if CODITECT knows the test runner.",
    workspace: "any",
  },
  mutants_threshold: {
    text: "The share of the mutants of changed lines that tests must notice, from 0 to 1. At 0.8 or less, a single mutant may be missed if three others are noticed.",
    workspace: "user",
  },
  gate_budget_seconds: {
    text: "The maximum duration of each of the gates mutants, needed and stable, in seconds.",
    workspace: "user",
  },
  strict: {
    text: "Also check that tests fail for mutated code, that each part of a change is needed, and that new tests are stable. Runs take longer.",
    workspace: "on",
  },
  run_timeout_seconds: { text: "The maximum duration of a run, in seconds.", workspace: "lower" },
  response_cache: {
    text: "Reuse a stored answer when the same request is sent again. Takes effect at the next start.",
    workspace: "off",
  },
  effort: {
    text: "How much the models think: minimal, low, medium, high, xhigh or max. CODITECT does not ask a model that does not accept the level.",
    workspace: "user",
  },
  min_confidence: { text: "Hide findings whose confidence is lower.", workspace: "any" },
  hide_unproven: { text: "Hide findings that no failing test has proven.", workspace: "any" },
  lessons: { text: "Record lessons from your feedback and use them in later runs.", workspace: "off" },
  auto_apply: { text: "Apply the changes of a run automatically when all gates pass.", workspace: "off" },
  durability: {
    text: "When a record counts as stored. Takes effect at the next start.",
    workspace: ["os", "fsync"],
  },
  "pool.max_instances": { text: "The maximum number of instances at the same time.", workspace: "lower" },
  "pool.max_local": {
    text: "The maximum number of instances on this machine at the same time.",
    workspace: "lower",
  },
  "pool.machine_memory_mb": {
    text: "The memory of this machine for agents that set memory_mb, in MB.",
    workspace: "lower",
  },
  "pool.min_idle": {
    text: "The number of idle instances to keep ready for each type of agent.",
    workspace: "lower",
  },
  "pool.idle_minutes": { text: "Stop an idle instance after this number of minutes.", workspace: "lower" },
  "pool.recycle_after": { text: "Replace an instance after this number of executions.", workspace: "lower" },
  "pool.max_queued": {
    text: "The maximum number of executions that can wait for an instance.",
    workspace: "lower",
  },
  "pool.health_interval_seconds": {
    text: "The time between two health checks, in seconds.",
    workspace: "any",
  },
  "pool.health_deadline_seconds": {
    text: "The maximum duration of a health check, in seconds.",
    workspace: "any",
  },
  "pool.memory_mb": { text: "The maximum memory of an instance, in MB.", workspace: "lower" },
  "pool.cpus": { text: "The maximum number of processors of an instance.", workspace: "lower" },
  "pool.pids": { text: "The maximum number of processes of an instance.", workspace: "lower" },
  "pool.disk_mb": { text: "The maximum disk space of an instance, in MB.", workspace: "lower" },
  "kubernetes.context": {
    text: "The kubeconfig context for the Kubernetes runtime.",
    workspace: "user",
  },
  "kubernetes.contexts": {
    text: "The kubeconfig contexts to choose from for the Kubernetes runtime.",
    workspace: "user",
  },
  "kubernetes.choose_by": {
    text: "Use the first of kubernetes.contexts that answers (order), or the one that answers soonest (latency).",
    workspace: "user",
  },
  "kubernetes.namespace": { text: "The namespace of the pods.", workspace: "user" },
  "kubernetes.image": { text: "The container image for the Kubernetes runtime.", workspace: "user" },
  "kubernetes.runtime_class": { text: "The runtime class of the pods, such as gvisor.", workspace: "user" },
  "kubernetes.priority_class": { text: "The priority class of the pods.", workspace: "user" },
  "kubernetes.node_selector": { text: "Labels of the nodes that pods can run on.", workspace: "user" },
  "kubernetes.tolerations": { text: "Taints of nodes that pods tolerate.", workspace: "user" },
  "kubernetes.image_pull_secrets": { text: "Secrets for pulling the image.", workspace: "user" },
  "kubernetes.queue": { text: "The Kueue local queue for the pods.", workspace: "user" },
  "kubernetes.warm_pool": {
    text: "The SandboxWarmPool of agent-sandbox from which instances claim pods. If the cluster does not have the controller of agent-sandbox, the runtime creates the pods.",
    workspace: "user",
  },
  "kubernetes.cache_claim": {
    text: "The PersistentVolumeClaim in which pods keep the workspace for later pods, encrypted.",
    workspace: "user",
  },
  "kubernetes.cache_mb": {
    text: "The maximum size of what pods keep in kubernetes.cache_claim, in MB. The oldest is removed.",
    workspace: "user",
  },
  "kubernetes.max_memory_mb": {
    text: "The memory for one pod that the limits of coditect cluster setup and manifests allow, in MB, if it is more than pool.memory_mb.",
    workspace: "lower",
  },
  "kubernetes.cpu_request": {
    text: "The share of pool.cpus that a pod requests, from 0 to 1.",
    workspace: "user",
  },
  "kubernetes.deadline_seconds": {
    text: "The maximum lifetime of a pod, in seconds.",
    workspace: "lower",
  },
  "kubernetes.start_seconds": {
    text: "The maximum time a pod can take to start, in seconds.",
    workspace: "lower",
  },
  "kubernetes.patch": { text: "A strategic merge patch for each pod.", workspace: "user" },
  "kubernetes.patch_allowed": {
    text: "Paths in the pod that the patch can change although they confine an instance.",
    workspace: "user",
  },
  "kubernetes.allow_reachable": {
    text: "What pods are allowed to reach: api_server, dns, metadata, internet, pods, processes (the memory of other processes in their container).",
    workspace: "subset",
  },
  "cloud_run.project": { text: "The Google Cloud project for the Cloud Run runtime.", workspace: "user" },
  "cloud_run.region": {
    text: "The region for the Cloud Run runtime, such as europe-west1.",
    workspace: "user",
  },
  "cloud_run.regions": {
    text: "The regions to choose from for the Cloud Run runtime, in place of cloud_run.region.",
    workspace: "user",
  },
  "cloud_run.choose_by": {
    text: "Use the first of cloud_run.regions that answers (order), or the one that answers soonest (latency).",
    workspace: "user",
  },
  "cloud_run.image": { text: "The container image for the Cloud Run runtime.", workspace: "user" },
  "cloud_run.service_account": {
    text: "The service account of Cloud Run containers. Use one that has no role.",
    workspace: "user",
  },
  "cloud_run.network": {
    text: "The VPC network that all traffic of Cloud Run containers goes through.",
    workspace: "user",
  },
  "cloud_run.subnetwork": { text: "The VPC subnetwork of Cloud Run containers.", workspace: "user" },
  "cloud_run.network_tags": {
    text: "The network tags of Cloud Run containers, for firewall rules.",
    workspace: "user",
  },
  "cloud_run.min_instances": {
    text: "The number of containers that Cloud Run keeps started.",
    workspace: "lower",
  },
  "cloud_run.max_instances": {
    text: "The maximum number of containers of a Cloud Run service.",
    workspace: "lower",
  },
  "cloud_run.files_mb": {
    text: "The memory for files in a Cloud Run container, in MB.",
    workspace: "lower",
  },
  "cloud_run.start_seconds": {
    text: "The maximum time a Cloud Run container can take to start, in seconds.",
    workspace: "lower",
  },
  "cloud_run.allow_reachable": {
    text: "What Cloud Run containers are allowed to reach: metadata, dns, google_apis, internet, processes (the memory of other processes in their container).",
    workspace: "subset",
  },
  "retention.days": {
    text: "Remove ended runs after this number of days. Takes effect at the next start.",
    workspace: "user",
  },
  "retention.runs": {
    text: "The maximum number of ended runs to keep. Takes effect at the next start.",
    workspace: "user",
  },
  "retention.megabytes": {
    text: "The maximum size of transcripts and file contents to keep, in megabytes. Takes effect at the next start.",
    workspace: "user",
  },
  "alerts.failure_rate": {
    text: "Raise an alert when this share of a day's executions fails.",
    workspace: "lower",
  },
  "alerts.failure_executions": {
    text: "The minimum number of ended executions in a day before alerts.failure_rate applies.",
    workspace: "lower",
  },
  "alerts.limit_share": {
    text: "Raise an alert when this share of a limit on tokens, cost, memory or disk is used.",
    workspace: "lower",
  },
  "alerts.provider_errors": {
    text: "Raise an alert when this many executions fail in a day because of one provider.",
    workspace: "lower",
  },
  "alerts.instance_failures": {
    text: "Raise an alert when this many instances fail in a day.",
    workspace: "lower",
  },
  "alerts.cost_per_day": {
    text: "Raise an alert when a day's cost reaches this amount, in US dollars.",
    workspace: "lower",
  },
  open_telemetry: {
    text: "Send traces, metrics and logs over OTLP. Takes effect when the runtime restarts.",
    workspace: "off",
  },
  open_telemetry_content: {
    text: "Include prompts and answers in traces. Takes effect when the runtime restarts.",
    workspace: "off",
  },
  "alerts.webhook": { text: "The URL that receives each alert.", workspace: "user" },
};

// Object.keys gives string[]; the type of `settingTable` says that its keys are all there are.
export const settingKeys = Object.keys(settingTable) as SettingKey[];

export const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(settingTable, key);
