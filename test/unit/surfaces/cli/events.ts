import assert from "node:assert/strict";
import type { AgentType } from "../../../../schemas/agent.ts";
import type { Finding } from "../../../../schemas/findings.ts";
import type { GateName, GateProof } from "../../../../schemas/gates.ts";
import type { StageState } from "../../../../schemas/run.ts";
import { RuntimeEvent, type RunEvent } from "../../../../schemas/events.ts";

/** A run in which the Coder fails once, as the runtime tells it. */
export const TASK = "11111111-1111-4111-8111-111111111111";
export const START = Date.parse("2026-01-31T12:00:00.000Z");

const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
// Parsed, so that a change of the schema breaks these tests and not only what they show.
const event = (seconds: number, fields: object): RunEvent => {
  const parsed = RuntimeEvent.parse({ at: at(seconds), task_id: TASK, ...fields });
  assert.ok("task_id" in parsed);
  return parsed;
};

const proof = (gate: GateName, held: boolean, reason: string): GateProof => ({
  gate,
  held,
  reason,
  runner: "node:test",
  command: ["/usr/local/bin/node", "--test", "test/split.test.js"],
  exit_code: held ? 0 : 1,
  counts: { passed: held ? 4 : 2, failed: held ? 0 : 2, skipped: 0 },
  evidence: [],
  coverage: null,
  duration_ms: 120,
  proved_at: at(0),
});

const usage = { input: 900, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 100, reasoning: 0 };

const agents: Record<string, AgentType> = { "write-tests": "TestWriter", implement: "Coder" };
const ended = ["Completed", "Failed"];

/** The executions begin one second after another. */
const execution = (
  seconds: number,
  number: number,
  stage: string,
  round: number,
  status: string,
  error: object | null = null,
) =>
  event(seconds, {
    type: "execution.changed",
    execution: {
      execution_id: id(number),
      instance_id: null,
      task_id: TASK,
      status,
      error,
      resource_usage: {
        input_tokens: 0,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        output_tokens: 0,
        reasoning_tokens: 0,
        api_calls: 0,
        tool_calls: 0,
        cost: 0,
        cpu_seconds: 0,
        peak_memory_mb: 0,
      },
      created_at: at(number - 1),
      started_at: at(number - 1),
      completed_at: ended.includes(status) ? at(seconds) : null,
      agent_type: agents[stage],
      agent_name: agents[stage],
      stage,
      round,
      model: "rehearsal",
    },
  });

const stageState = (name: string, status: StageState["status"], gates: GateProof[]): StageState => ({
  name,
  status,
  round: 1,
  sent_back: 0,
  approved: false,
  starts_with: null,
  execution_ids: [],
  gates,
  feedback: null,
  change_set_id: null,
  started_at: null,
  completed_at: null,
});

export const finding = (fields: Partial<Finding> = {}): Finding => ({
  path: "src/bill.js",
  start_line: 2,
  start_column: null,
  end_line: 2,
  end_column: null,
  severity: "Medium",
  category: "input-validation",
  title: "A fraction of a cent is not refused",
  explanation: "split(99.5, 2) hands out too much.",
  fix: null,
  confidence: 0.8,
  finding_id: id(50),
  tenant_id: id(51),
  task_id: TASK,
  execution_id: id(2),
  fingerprint: "abc",
  status: "Open",
  dismissed_reason: null,
  created_at: at(0),
  updated_at: at(0),
  ...fields,
});

const stageStarted = (seconds: number, stage: string, agent: string, round: number) =>
  event(seconds, { type: "stage.started", stage, agent_type: agent, round, feedback: null });
const modelUsage = (seconds: number, number: number, cost: number | null) =>
  event(seconds, {
    type: "model.usage",
    execution_id: id(number),
    turn: 1,
    provider: "Ollama",
    model: "rehearsal",
    usage,
    cost,
    cached: false,
  });
const toolStarted = (seconds: number, number: number, tool: string, subject: string) =>
  event(seconds, { type: "tool.started", execution_id: id(number), turn: 1, tool, subject });
const gateProved = (seconds: number, number: number, stage: string, gate: GateProof) =>
  event(seconds, { type: "gate.proved", execution_id: id(number), stage, proof: gate });

const red = proof("red", true, "4 new tests fail");
const notGreen = proof("green", false, "2 of 4 tests fail");
const green = proof("green", true, "4 tests pass");

/** Ends while the second round of the Coder works. */
export const unfinished: RunEvent[] = [
  event(0, {
    type: "run.started",
    workflow: "tdd",
    team: "tdd",
    stages: ["write-tests", "implement", "review"],
    model: "rehearsal",
    runtime: "Local",
  }),
  stageStarted(0, "write-tests", "TestWriter", 1),
  execution(0.1, 1, "write-tests", 1, "Queued"),
  execution(0.2, 1, "write-tests", 1, "Running"),
  modelUsage(0.3, 1, 0.001),
  gateProved(1, 1, "write-tests", red),
  execution(1, 1, "write-tests", 1, "Completed"),
  event(1, { type: "stage.finished", stage: stageState("write-tests", "Completed", [red]) }),
  stageStarted(1, "implement", "Coder", 1),
  execution(1.1, 2, "implement", 1, "Queued"),
  modelUsage(1.5, 2, 0.002),
  gateProved(2, 2, "implement", notGreen),
  execution(2, 2, "implement", 1, "Failed"),
  event(2, { type: "stage.finished", stage: stageState("implement", "Failed", [notGreen]) }),
  stageStarted(2, "implement", "Coder", 2),
  execution(2.1, 3, "implement", 2, "Running"),
  modelUsage(2.5, 3, 0.003),
  toolStarted(2.6, 3, "write_file", "src/bill.js"),
];

export const finished: RunEvent[] = [
  ...unfinished,
  gateProved(3, 3, "implement", green),
  event(3, { type: "stage.finished", stage: stageState("implement", "Completed", [green]) }),
  event(4, {
    type: "run.finished",
    status: "Succeeded",
    stages: [
      stageState("write-tests", "Completed", [red]),
      stageState("implement", "Completed", [green]),
      stageState("review", "Skipped", []),
    ],
    changes: [],
    findings: [finding()],
    usage: {
      input_tokens: 2700,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
      output_tokens: 300,
      reasoning_tokens: 0,
      api_calls: 3,
      tool_calls: 1,
      cost: 0.006,
      cpu_seconds: 1,
      peak_memory_mb: 80,
    },
    error: null,
  }),
];

/** An execution that ended without completing. */
export const failedExecution = (message: string): RunEvent =>
  execution(3, 3, "implement", 2, "Failed", {
    code: "worker_died",
    message,
    next_step: null,
    retryable: true,
  });

export const unpricedUsage: RunEvent = modelUsage(2.7, 3, null);
