import { z } from "zod";
import { defaultModels } from "./default-models.ts";
import { AgentType, AIProvider, Effort, Limits, ProviderName, RuntimeChoice } from "./agent.ts";
import { OtherMcpFile } from "./mcp.ts";
import { Count, Json, Ratio } from "./primitives.ts";
import { standardEndpoints } from "./providers.ts";

/**
 * Settings of a runtime: the editor fills them from its Settings UI (`coditect.*`), the command
 * line from its options. Everything has a default, so `{}` is valid.
 */
const PoolSettings = z.strictObject({
  /** Most instances at once, over all agent types. */
  max_instances: Count.min(1).default(8),
  /** Most instances at once on this machine; null: `max_instances`. */
  max_local: Count.min(1).nullable().default(null),
  /** Memory of this machine that agents with a `memory_mb` may have together; null: all it has. */
  machine_memory_mb: Count.min(64).nullable().default(null),
  /** Warm spares per agent type that are kept. */
  min_idle: Count.default(0),
  /** An idle instance ends after this long, but never below `min_idle`. */
  idle_minutes: Count.min(1).default(10),
  /** An instance is replaced after this many executions. */
  recycle_after: Count.min(1).default(50),
  /** Executions that may wait for an instance before new ones are refused. */
  max_queued: Count.min(1).default(200),
  health_interval_seconds: Count.min(1).default(10),
  health_deadline_seconds: Count.min(1).default(5),
  memory_mb: Count.min(64).default(2048),
  /** Processors one instance may use. */
  cpus: z.number().positive().default(2),
  pids: Count.min(8).default(256),
  disk_mb: Count.min(64).default(4096),
});
type PoolSettings = z.infer<typeof PoolSettings>;

/** Places that an instance in a cluster must not reach unless the user allows it. */
const ReachablePlace = z.enum(["api_server", "dns", "metadata", "internet", "pods", "processes"]);

/** Where and how instances run in a Kubernetes cluster. */
const KubernetesSettings = z.strictObject({
  /** Context of the kubeconfig; null: its current one, or the account of the pod this runs in. */
  context: z.string().min(1).nullable().default(null),
  /** Contexts to choose from, in place of `context`. */
  contexts: z.array(z.string().min(1)).default([]),
  /** `order`: the first of `contexts` that answers; `latency`: the one that answers soonest. */
  choose_by: z.enum(["order", "latency"]).default("order"),
  namespace: z.string().min(1).default("coditect"),
  /** Container image with the worker's Node, in a registry that the cluster can reach. */
  image: z.string().min(1).nullable().default(null),
  /** Runtime class of the pods, such as `gvisor` or `kata`. */
  runtime_class: z.string().min(1).nullable().default(null),
  priority_class: z.string().min(1).nullable().default(null),
  node_selector: z.record(z.string(), z.string()).default({}),
  tolerations: z
    .array(
      z.strictObject({
        key: z.string().exactOptional(),
        operator: z.enum(["Exists", "Equal"]).exactOptional(),
        value: z.string().exactOptional(),
        effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).exactOptional(),
        tolerationSeconds: Count.exactOptional(),
      }),
    )
    .default([]),
  /** Names of the secrets with which nodes pull the image. */
  image_pull_secrets: z.array(z.string().min(1)).default([]),
  /** Local queue of Kueue that admits the pods. */
  queue: z.string().min(1).nullable().default(null),
  /** The warm pool of agent-sandbox from which pods are claimed if the cluster has its controller; null: none. */
  warm_pool: z.string().min(1).nullable().default(null),
  /** PersistentVolumeClaim in which pods keep the received workspace for later pods; null: none. */
  cache_claim: z.string().min(1).nullable().default(null),
  /** Most that the contents of `cache_claim` may take, in MB. */
  cache_mb: Count.min(64).default(8192),
  /** Most memory that an agent may ask for, in MB; null: `pool.memory_mb`. */
  max_memory_mb: Count.min(64).nullable().default(null),
  /** Share of `pool.cpus` that a pod requests; it may use all of them. */
  cpu_request: Ratio.default(0.25),
  /** A pod ends after this long, whatever it does (`activeDeadlineSeconds`). */
  deadline_seconds: Count.min(60).default(86_400),
  /** How long a pod may take to start; a cluster may have to add a node. */
  start_seconds: Count.min(1).default(300),
  /** Strategic merge patch of each pod. It cannot loosen what confines an instance. */
  patch: z.record(z.string(), Json).default({}),
  /** Paths in the pod that the patch may change although they confine an instance. */
  patch_allowed: z.array(z.string().min(1)).default([]),
  /** Places that instances may reach; those not listed are tried, and refused if they answer. */
  allow_reachable: z.array(ReachablePlace).default([]),
});

/** Places that an instance in Cloud Run must not reach unless the user allows it. */
const CloudRunPlace = z.enum(["metadata", "dns", "google_apis", "internet", "processes"]);

const CloudRunRegion = z.string().regex(/^[a-z]+-[a-z]+\d+$/);

/** Where and how instances run in Google Cloud Run. */
const CloudRunSettings = z.strictObject({
  /** Google Cloud project; null: that of the application default credentials. */
  project: z.string().min(1).nullable().default(null),
  /** Region of the service, such as `europe-west1`; without one no instance starts. */
  region: CloudRunRegion.nullable().default(null),
  /** Regions to choose from, in place of `region`. */
  regions: z.array(CloudRunRegion).default([]),
  choose_by: z.enum(["order", "latency"]).default("order"),
  /** Container image with the worker's Node, in a registry that Cloud Run can reach. */
  image: z.string().min(1).nullable().default(null),
  /** Account whose tokens the metadata server gives to instances: one without any role. */
  service_account: z.string().min(1).nullable().default(null),
  /** VPC network that all traffic of instances goes through. */
  network: z.string().min(1).nullable().default(null),
  subnetwork: z.string().min(1).nullable().default(null),
  /** Tags by which firewall rules of the network find the instances. */
  network_tags: z.array(z.string().min(1)).default([]),
  /** Containers that Cloud Run keeps started while the runtime uses it; they cost when they are idle, too. */
  min_instances: Count.default(0),
  max_instances: Count.min(1).default(20),
  /** Memory for files, in MB: the file system of a container is in its memory. */
  files_mb: Count.min(64).default(1024),
  /** How long the service and its first container may take to start. */
  start_seconds: Count.min(1).default(300),
  /** Places that instances may reach; those not listed are tried, and refused if they answer. */
  allow_reachable: z.array(CloudRunPlace).default([]),
});

/** From when on something is an alert; `null`: never. */
const AlertSettings = z.strictObject({
  /** Share of a day's executions that failed, once `failure_executions` have ended. */
  failure_rate: Ratio.nullable().default(0.3),
  failure_executions: Count.min(1).default(5),
  /** Share of a cap on tokens, cost, memory or disk that is used up. */
  limit_share: Ratio.nullable().default(0.8),
  /** Executions of a day that failed because of one provider. */
  provider_errors: Count.min(1).nullable().default(5),
  /** Instances that failed on a day; one that does not answer is an alert at once. */
  instance_failures: Count.min(1).nullable().default(3),
  /** Dollars of a day; null: the cap on a day's cost. */
  cost_per_day: z.number().nonnegative().nullable().default(null),
  /** Gets each alert by POST; its host has to be public, or one of `allowed_hosts`. */
  webhook: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
});

export const Retention = z.strictObject({
  /** Ended runs and what belongs to them are removed after this many days; null: never. */
  days: Count.min(1).nullable().default(90),
  runs: Count.min(1).nullable().default(1000),
  /** Megabytes of transcripts and stored file contents. */
  megabytes: Count.min(10).nullable().default(2048),
});
export type Retention = z.infer<typeof Retention>;

export const Settings = z.strictObject({
  /** What agents without a provider of their own ask. */
  provider: AIProvider.default({
    Ollama: { model: defaultModels.Ollama, endpoint: standardEndpoints.Ollama },
  }),
  /** Models that replace the default ones for agents whose model depends on their role (`auto`). */
  role_models: z
    .partialRecord(
      ProviderName,
      z.partialRecord(AgentType, z.string().min(1).exactOptional()).exactOptional(),
    )
    .default({}),
  /** Base URLs in place of the providers' own. */
  endpoints: z
    .strictObject({
      Claude: z.url().nullable().default(null),
      Gemini: z.url().nullable().default(null),
      HuggingFace: z.url().nullable().default(null),
      /** Where models are listed and pulled; an agent's calls go to its own endpoint. */
      Ollama: z.url().nullable().default(null),
    })
    .prefault({}),
  /** One runtime, or several: the next is used where the one before has no room or cannot be reached. */
  runtime: RuntimeChoice.default("Local"),
  /** Whether instances run on this machine only, whatever the run and the agents say. */
  local_only: z.boolean().default(false),
  image: z.string().nullable().default(null),
  /** Whether Local may replace a container engine that cannot be used; a notice says when it does. */
  fall_back_to_local: z.boolean().default(false),
  /**
   * Whether commands of agents may run where no sandbox of the operating system is available; `ask`:
   * once the user has consented to it for the workspace (`consents/set`).
   */
  unconfined: z.enum(["ask", "allow", "refuse"]).default("ask"),
  /**
   * Whether the workspace is not trusted, such as the pull request of a fork: its `.coditect/` folder
   * decides nothing.
   */
  untrusted: z.boolean().default(false),
  /** `host:port` that commands of an instance may reach. */
  allowed_hosts: z.array(z.string()).default([]),
  /** Programs the agents' `run_command` may start, in addition to the project's test runner. */
  allowed_commands: z.array(z.string()).default([]),
  /**
   * Whether agents may ask the user for a program or a host that is not listed; `refuse`: the lists decide.
   */
  permissions: z.enum(["ask", "refuse"]).default("ask"),
  /** Files of other tools whose MCP servers agents may use, once the user has allowed them as they are. */
  mcp_files: z.array(OtherMcpFile).default([]),
  /**
   * Files in which a project says how work is done in it: names, of which the nearest one counts first, or
   * paths from the root such as `.github/copilot-instructions.md`.
   */
  instruction_files: z.array(z.string().min(1)).default(["AGENTS.md"]),
  limits: Limits.prefault({ cost_per_run: 5, cost_per_day: 25 }),
  /** Requests and tokens per minute and provider; null: CODITECT sets no cap. */
  requests_per_minute: Count.min(1).nullable().default(null),
  tokens_per_minute: Count.min(1).nullable().default(null),
  /** Tokens of the workspace given to an agent with its task. */
  context_tokens: Count.default(12_000),
  /**
   * Whether files that do not all fit are ranked by embeddings of the agent's provider (Ollama, Gemini,
   * Hugging Face). Ollama needs `nomic-embed-text`.
   */
  context_embeddings: z.boolean().default(true),
  /** Seconds a run of the project's tests may take. */
  test_timeout_seconds: Count.min(1).default(300),
  /**
   * The report that the project's test command writes, JUnit XML or TAP: a path or a glob below the
   * workspace, or `-` for what it prints; null: reports of the runners it starts.
   */
  test_report: z.string().min(1).nullable().default(null),
  /** Share of the mutants of changed lines that tests have to notice for the gate `mutants`. */
  mutants_threshold: Ratio.default(0.8),
  /** Seconds each of the gates `mutants`, `needed` and `stable` may take before it judges what it has. */
  gate_budget_seconds: Count.min(1).default(45),
  /** Whether every stage that writes code and proves `green` proves `needed`, `mutants` and `stable` as well. */
  strict: z.boolean().default(false),
  run_timeout_seconds: Count.min(1).default(3600),
  response_cache: z.boolean().default(true),
  /** How much the models of agents think that have no effort of their own; null: as each does on its own. */
  effort: Effort.nullable().default(null),
  /** Findings below this confidence are folded away. */
  min_confidence: Ratio.default(0.5),
  /** Whether findings are hidden in the editor that no failing test has proven. */
  hide_unproven: z.boolean().default(false),
  /**
   * Whether lessons are drawn from the user's feedback into `.coditect/lessons.md` and given to
   * later runs.
   */
  lessons: z.boolean().default(true),
  /** Change sets of runs whose gates all held are applied without asking. */
  auto_apply: z.boolean().default(false),
  durability: z.enum(["fsync", "os"]).default("fsync"),
  pool: PoolSettings.prefault({}),
  kubernetes: KubernetesSettings.prefault({}),
  cloud_run: CloudRunSettings.prefault({}),
  retention: Retention.prefault({}),
  alerts: AlertSettings.prefault({}),
  /**
   * Whether traces, metrics and logs are sent over OTLP, to where `OTEL_EXPORTER_OTLP_ENDPOINT` says; from
   * the next start of the runtime.
   */
  open_telemetry: z.boolean().default(false),
  /** Whether prompts and answers are sent along. */
  open_telemetry_content: z.boolean().default(false),
});
export type Settings = z.infer<typeof Settings>;
export type SettingsInput = z.input<typeof Settings>;
