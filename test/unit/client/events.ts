import fc from "fast-check";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { Finding } from "../../../schemas/findings.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import type { AgentInstance } from "../../../schemas/instance.ts";
import type { StageState } from "../../../schemas/run.ts";

/** Events as the runtime sends them, made from few ids so that they meet. */
const at = "2026-01-31T12:00:00.000Z";
const tenant_id = "00000000-0000-4000-8000-000000000000";
const id = (kind: number, n: number): string =>
  `0000000${kind}-0000-4000-8000-${String(n).padStart(12, "0")}`;

const stages = ["red", "green", "review"] as const;

const usage = {
  input_tokens: 10,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 5,
  reasoning_tokens: 0,
  api_calls: 1,
  tool_calls: 1,
  cost: 0.01,
  cpu_seconds: 0.5,
  peak_memory_mb: 64,
};

export const agent: AgentConfig = {
  agent_id: id(1, 1),
  tenant_id,
  name: "Coder",
  agent_type: "Coder",
  provider: { Ollama: { model: "qwen3-coder", endpoint: "http://127.0.0.1:11434" } },
  capabilities: ["ImplementCode"],
  status: "Available",
  settings: {
    temperature: 0.2,
    max_tokens: 4096,
    effort: null,
    cost_per_1k_tokens: 0,
    max_retries: 3,
    timeout_seconds: 120,
    custom_prompts: {},
    failover: [],
    tools: null,
    tool_definitions: [],
    runtime: null,
    memory_mb: null,
    limits: null,
  },
  created_at: at,
  updated_at: at,
  last_active_at: null,
};

export const instance = (n: number, state: AgentInstance["state"], cpu: number): AgentInstance => ({
  instance_id: id(2, n),
  agent_id: agent.agent_id,
  tenant_id,
  state,
  assigned_task_id: null,
  metadata: {
    runtime_id: "4711",
    region: "local",
    runtime_type: "Local",
    environment: {},
    agent_version: "0.1.0",
    provider_metadata: {},
  },
  resources: {
    cpu_percent: cpu,
    memory_mb: 80,
    tokens_used: 0,
    api_calls: 0,
    cost_accrued: 0,
    last_updated: at,
  },
  created_at: at,
  updated_at: at,
  task_started_at: null,
  health: { is_healthy: true, last_check: at, failure_count: 0, error_message: null },
});

const proof = (gate: GateProof["gate"], held: boolean): GateProof => ({
  gate,
  held,
  reason: held ? "2 tests fail, in the tests" : "the new tests pass already",
  runner: "node:test",
  command: ["node", "--test"],
  exit_code: held ? 1 : 0,
  counts: { passed: 1, failed: 2, skipped: 0 },
  evidence: ["test/split.test.js > split"],
  coverage: null,
  duration_ms: 120,
  proved_at: at,
});

const finding = (task: number, n: number, status: Finding["status"]): Finding => ({
  finding_id: id(4, task * 10 + n),
  tenant_id,
  task_id: id(3, task),
  execution_id: id(5, 1),
  fingerprint: String(n),
  path: "src/bill.js",
  start_line: 3,
  start_column: null,
  end_line: 3,
  end_column: null,
  severity: n === 1 ? "High" : "Low",
  category: "rounding",
  title: "Loses a cent",
  explanation: "The rest of the division is dropped.",
  fix: null,
  confidence: 0.8,
  status,
  dismissed_reason: null,
  created_at: at,
  updated_at: at,
});

export const stageState = (
  name: string,
  status: StageState["status"],
  executionIds: string[],
): StageState => ({
  name,
  status,
  approved: false,
  starts_with: null,
  round: 1,
  sent_back: 0,
  execution_ids: executionIds,
  gates: [proof("red", true)],
  feedback: null,
  change_set_id: null,
  started_at: at,
  completed_at: at,
});

export const executionEvent = (
  task: number,
  execution: number,
  status: "Queued" | "Running" | "Completed" | "Failed",
  on: { stage?: string; instance?: number | null } = {},
): Extract<RuntimeEvent, { type: "execution.changed" }> => ({
  type: "execution.changed",
  at,
  task_id: id(3, task),
  execution: {
    execution_id: id(5, task * 10_000 + execution),
    instance_id: on.instance == null ? null : id(2, on.instance),
    task_id: id(3, task),
    status,
    error: null,
    resource_usage: usage,
    created_at: at,
    started_at: at,
    completed_at: status === "Completed" || status === "Failed" ? at : null,
    agent_type: "Coder",
    agent_name: "Coder",
    stage: on.stage ?? "green",
    round: 1,
    model: "Ollama/qwen3-coder",
    ...(status === "Completed" && {
      quality: {
        confidence: 1,
        completeness: 0.8,
        code_quality: null,
        test_coverage: 0.75,
        performance: null,
      },
    }),
  },
});

export const runStarted = (task: number): RuntimeEvent => ({
  type: "run.started",
  at,
  task_id: id(3, task),
  workflow: "tdd",
  team: "tdd",
  stages: [...stages],
  model: "rehearsal",
  runtime: "Local",
});

export const file = (path: string) => ({
  path,
  kind: "Modified" as const,
  old_path: null,
  before: "a".repeat(64),
  after: "b".repeat(64),
  executable: false,
  binary: false,
  lines_added: 2,
  lines_removed: 1,
  decision: "Pending" as const,
});

const task = fc.integer({ min: 1, max: 2 });
const small = fc.integer({ min: 1, max: 3 });
const stage = fc.constantFrom(...stages);

/** Any event, about few runs, executions and instances. */
export const anyEvent: fc.Arbitrary<RuntimeEvent> = fc.oneof(
  task.map(runStarted),
  fc
    .tuple(task, fc.constantFrom("Queued", "Running", "WaitingForApproval", "Interrupted"))
    .map(([n, status]): RuntimeEvent => ({ type: "run.changed", at, task_id: id(3, n), status })),
  fc.tuple(task, stage, small).map(([n, name, round]): RuntimeEvent => ({
    type: "stage.started",
    at,
    task_id: id(3, n),
    stage: name,
    agent_type: "Coder",
    round,
    feedback: round > 1 ? "a test still fails" : null,
  })),
  fc.tuple(task, stage).map(([n, name]): RuntimeEvent => ({
    type: "stage.finished",
    at,
    task_id: id(3, n),
    stage: stageState(name, "Completed", []),
  })),
  fc
    .tuple(task, small, fc.constantFrom("Queued", "Running", "Completed", "Failed"), fc.option(small))
    // An execution never changes its stage.
    .map(([n, execution, status, on]) =>
      executionEvent(n, execution, status, { instance: on, stage: stages[execution - 1] ?? "red" }),
    ),
  fc.tuple(task, small, fc.boolean()).map(([n, execution, held]): RuntimeEvent => ({
    type: "gate.proved",
    at,
    task_id: id(3, n),
    execution_id: id(5, n * 10_000 + execution),
    stage: "red",
    proof: proof("red", held),
  })),
  fc.tuple(task, small).map(([n, execution]): RuntimeEvent => ({
    type: "tool.started",
    at,
    task_id: id(3, n),
    execution_id: id(5, n * 10_000 + execution),
    turn: 1,
    tool: "run_tests",
    subject: "test/bill.test.js",
  })),
  fc
    .tuple(task, small, fc.constantFrom("Open", "Dismissed", "Fixed"))
    .map(([n, k, status]): RuntimeEvent => ({
      type: "finding.changed",
      at,
      task_id: id(3, n),
      finding: finding(n, k, status),
    })),
  fc.tuple(task, fc.subarray(["src/bill.js", "test/split.test.js"])).map(([n, paths]): RuntimeEvent => ({
    type: "changes.changed",
    at,
    task_id: id(3, n),
    change_set_id: id(6, n),
    files: paths.map(file),
  })),
  task.map((n): RuntimeEvent => ({
    type: "approval.needed",
    at,
    task_id: id(3, n),
    stage: "green",
    question: "Go on?",
  })),
  task.map((n): RuntimeEvent => ({
    type: "run.finished",
    at,
    task_id: id(3, n),
    status: "Succeeded",
    stages: stages.map((name) => stageState(name, "Completed", [])),
    changes: [file("src/bill.js")],
    findings: [],
    usage,
    error: null,
  })),
  fc
    .tuple(small, fc.constantFrom("Idle", "Working", "Terminated"), fc.integer({ min: 0, max: 100 }))
    .map(([n, state, cpu]): RuntimeEvent => ({
      type: "instance.changed",
      at,
      instance: instance(n, state, cpu),
    })),
);
