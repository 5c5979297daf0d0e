import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { AgentExecution, type ExecutionOutput } from "../../../schemas/execution.ts";
import {
  addUsage,
  cancel,
  complete,
  durationSeconds,
  failExecution,
  isFinished,
  markRunning,
  newExecution,
  noUsage,
  requeue,
  start,
  timeOut,
} from "../../../server/models/execution.ts";

const now = "2026-01-31T12:00:00.000Z";
const later = "2026-01-31T12:00:02.500Z";
const error = { code: "internal", message: "broken", next_step: null, retryable: false };
const output: ExecutionOutput = {
  result: "done",
  data: null,
  files: [],
  tool_calls: [],
  reasoning: null,
  quality_metrics: {
    confidence: 1,
    completeness: 1,
    code_quality: null,
    test_coverage: null,
    performance: 1,
  },
};

const queued = (): AgentExecution =>
  newExecution(
    {
      task_id: randomUUID(),
      tenant_id: randomUUID(),
      input: {
        prompt: "Do it.",
        system_message: null,
        context: [],
        tools: [],
        parameters: {
          temperature: 0,
          max_tokens: 100,
          max_turns: 5,
          timeout_seconds: 60,
          write_access: "none",
          test_command: null,
        },
      },
      metadata: {
        agent_id: randomUUID(),
        agent_type: "Coder",
        agent_name: "Coder",
        provider: "Ollama",
        model: "m",
        answered_by: [],
        team_id: null,
        stage: "implement",
        round: 1,
        gates: [],
        change_set_id: null,
        context_left_out: [],
        rating: null,
      },
    },
    now,
  );

type Step = (execution: AgentExecution) => AgentExecution;
const steps: Record<string, Step> = {
  start: (execution) => start(execution, randomUUID(), now),
  markRunning,
  complete: (execution) => complete(execution, output, later),
  fail: (execution) => failExecution(execution, error, later),
  cancel: (execution) => cancel(execution, later),
  timeOut: (execution) => timeOut(execution, error, later),
};

describe("an execution that goes on after its runtime was killed", () => {
  it("began when it first began", () => {
    const running = markRunning(start(queued(), randomUUID(), now));
    assert.equal(start(requeue(running), randomUUID(), later).started_at, now);
  });
});

describe("AgentExecution", () => {
  it("goes from Queued over Starting and Running to Completed and says how long it took", () => {
    const running = markRunning(start(queued(), randomUUID(), now));
    assert.equal(durationSeconds(running), null);
    const completed = AgentExecution.parse(complete(running, output, later));
    assert.deepEqual([completed.status, durationSeconds(completed)], ["Completed", 2.5]);
  });

  it("names both states when it refuses a step", () => {
    assert.throws(() => complete(queued(), output, later), /from Queued to Completed/);
    assert.throws(() => start(cancel(queued(), later), randomUUID(), now), /from Cancelled to Starting/);
  });

  it("stays as it ended, and is a valid record after any steps", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 12 }), (names) => {
        let execution = queued();
        for (const name of names) {
          const before = execution;
          try {
            execution = steps[name]?.(execution) ?? execution;
          } catch {
            execution = before;
          }
          if (isFinished(before)) assert.equal(execution, before);
          AgentExecution.parse(execution);
        }
      }),
    );
  });

  it("adds usage up; an unknown cost makes the sum unknown", () => {
    const one = { ...noUsage(), input_tokens: 10, cost: 0.5, peak_memory_mb: 90 };
    const other = { ...noUsage(), input_tokens: 5, cost: 0.25, peak_memory_mb: 40 };
    const sum = addUsage(one, other);
    assert.deepEqual([sum.input_tokens, sum.cost, sum.peak_memory_mb], [15, 0.75, 90]);
    assert.equal(addUsage(one, { ...other, cost: null }).cost, null);
  });
});
