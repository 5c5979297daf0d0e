import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import { foldRun, newRunView, type RunView } from "../../../schemas/run-view.ts";
import { anyEvent, executionEvent, runStarted } from "../client/events.ts";

const at = "2026-01-31T12:00:00.000Z";
const { task_id, execution } = executionEvent(1, 1, "Running");
const { execution_id } = execution;

const viewAfter = (events: readonly RuntimeEvent[]): RunView => {
  const view = newRunView(task_id, at);
  for (const event of events) if ("task_id" in event) foldRun(view, event);
  return view;
};

const call = (cost: number | null): RuntimeEvent => ({
  ...{ type: "model.usage", at, task_id, execution_id, turn: 1, provider: "Ollama", model: "m" },
  usage: { input: 70, cache_read: 20, cache_write_5m: 0, cache_write_1h: 0, output: 10, reasoning: 0 },
  ...{ cost, cached: false },
});

describe("the view of a run", () => {
  it("adds calls to what a resumed execution used before", () => {
    const view = viewAfter([runStarted(1), executionEvent(1, 1, "Running"), call(0.02)]);
    assert.deepEqual(view.executions.get(execution_id)?.used, { calls: 2, tokens: 115, cost: 0.03 });
  });

  it("knows no cost once the price of one call is unknown", () => {
    const view = viewAfter([executionEvent(1, 1, "Running"), call(null), call(0.02)]);
    assert.equal(view.executions.get(execution_id)?.used.cost, null);
  });

  it("says what the agent does, until it does something else", () => {
    const tool = { at, task_id, execution_id, turn: 1 };
    const events: RuntimeEvent[] = [
      executionEvent(1, 1, "Running"),
      { ...tool, type: "tool.started", tool: "finish", subject: "" },
      { ...tool, type: "tool.called", tool: "finish", success: true, duration_ms: 1, error: null },
    ];
    const activities = events.map(
      (_, index) => viewAfter(events.slice(0, index + 1)).executions.get(execution_id)?.activity,
    );
    assert.deepEqual(activities, [null, { kind: "tool", tool: "finish", subject: "" }, { kind: "gates" }]);
  });

  it("says that all tests run and how long they take, and then shows the earlier activity again", () => {
    const base = { at, task_id, execution_id };
    const events: RuntimeEvent[] = [
      executionEvent(1, 1, "Running"),
      { ...base, type: "suite.started", expected_ms: null },
      { ...base, type: "suite.ended" },
      { ...base, turn: 1, type: "tool.called", tool: "finish", success: true, duration_ms: 1, error: null },
      { ...base, type: "suite.started", expected_ms: 90_000 },
      { ...base, type: "suite.ended" },
    ];
    const activities = events.map(
      (_, index) => viewAfter(events.slice(0, index + 1)).executions.get(execution_id)?.activity,
    );
    const gates = { kind: "gates" };
    assert.deepEqual(activities, [
      null,
      { kind: "suite", expected_ms: null, before: null },
      null,
      gates,
      { kind: "suite", expected_ms: 90_000, before: gates },
      gates,
    ]);
  });

  it("keeps one proof of each gate, the last", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        for (const { gates } of viewAfter(events).executions.values())
          assert.equal(new Set(gates.map(({ gate }) => gate)).size, gates.length);
      }),
    );
  });
});
