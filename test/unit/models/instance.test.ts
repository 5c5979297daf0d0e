import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { CoditectError } from "../../../schemas/errors.ts";
import { AgentInstance, InstanceState } from "../../../schemas/instance.ts";
import {
  assignTask,
  canTransition,
  completeTask,
  FAILURES_UNTIL_FAILED,
  newInstance,
  shouldTerminateForInactivity,
  transitionState,
  updateHealth,
  updateResources,
} from "../../../server/models/instance.ts";

const now = "2026-01-31T12:00:00.000Z";
const later = (minutes: number) => new Date(Date.parse(now) + minutes * 60_000).toISOString();
const fresh = () =>
  newInstance(
    { agent_id: randomUUID(), tenant_id: randomUUID(), runtime_type: "Local", agent_version: "1" },
    now,
  );
const inState = (state: InstanceState): AgentInstance => ({ ...fresh(), state });

/** The diagram of the documents, written a second time on purpose: arrow by arrow. */
const documented = new Set([
  "Provisioning>Starting",
  "Starting>Idle",
  "Idle>Working",
  "Working>Idle",
  "Idle>Paused",
  "Working>Paused",
  "Paused>Working",
  "Stopping>Terminated",
  ...InstanceState.options
    .filter((state) => state !== "Terminated" && state !== "Stopping")
    .map((state) => `${state}>Stopping`),
  ...InstanceState.options
    .filter((state) => state !== "Terminated" && state !== "Failed")
    .map((state) => `${state}>Failed`),
]);

describe("AgentInstance", () => {
  it("is a valid record when it is new, in state Provisioning", () => {
    assert.equal(AgentInstance.parse(fresh()).state, "Provisioning");
  });

  for (const from of InstanceState.options) {
    for (const to of InstanceState.options) {
      const allowed = documented.has(`${from}>${to}`);
      it(`${allowed ? "goes" : "refuses to go"} from ${from} to ${to}`, () => {
        assert.equal(canTransition(from, to), allowed);
        if (allowed) {
          assert.equal(transitionState(inState(from), to, later(1)).state, to);
          return;
        }
        assert.throws(
          () => transitionState(inState(from), to, now),
          (error) =>
            error instanceof CoditectError &&
            error.code === "illegal_transition" &&
            error.message.includes(from) &&
            error.message.includes(to),
        );
      });
    }
  }

  it("stays a valid record and never leaves Terminated, whatever is asked of it", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...InstanceState.options), { maxLength: 30 }), (states) => {
        let instance = fresh();
        for (const state of states) {
          const before = instance;
          try {
            instance = transitionState(instance, state, later(1));
          } catch {
            assert.equal(instance, before);
          }
          if (before.state === "Terminated") assert.equal(instance.state, "Terminated");
          AgentInstance.parse(instance);
        }
      }),
    );
  });

  it("holds its task only while it works on it", () => {
    const task = randomUUID();
    const working = assignTask(inState("Idle"), task, later(1));
    assert.deepEqual(
      [working.state, working.assigned_task_id, working.task_started_at],
      ["Working", task, later(1)],
    );
    for (const state of InstanceState.options.filter((each) => each !== "Working"))
      assert.throws(() => completeTask({ ...working, state }, later(2)), { code: "illegal_transition" });
    const idle = completeTask(working, later(2));
    assert.deepEqual([idle.state, idle.assigned_task_id, idle.task_started_at], ["Idle", null, null]);
    assert.throws(() => assignTask(working, randomUUID(), later(2)), /from Working to Working/);
  });

  it("fails at the third failed health check in a row, and not before", () => {
    let instance = inState("Working");
    instance = updateHealth(instance, false, "no answer", later(1));
    instance = updateHealth(instance, true, null, later(2));
    for (let failure = 1; failure <= FAILURES_UNTIL_FAILED; failure++) {
      assert.equal(instance.state, "Working");
      instance = updateHealth(instance, false, "no answer", later(2 + failure));
      assert.equal(instance.health.failure_count, failure);
    }
    assert.deepEqual([instance.state, instance.health.error_message], ["Failed", "no answer"]);
  });

  it("adds up what it uses and shows what it takes now", () => {
    const used = [
      { cpu_percent: 140, memory_mb: 80, tokens: 100, api_calls: 1, cost: 0.5 },
      { cpu_percent: 12, tokens: 50, api_calls: 1, cost: 0.25 },
    ].reduce((instance, measured) => updateResources(instance, measured, later(1)), fresh());
    assert.deepEqual(used.resources, {
      cpu_percent: 12,
      memory_mb: 80,
      tokens_used: 150,
      api_calls: 2,
      cost_accrued: 0.75,
      last_updated: later(1),
    });

    it("do not know what they cost once a price was not known", () => {
      const unknown = updateResources(updateResources(fresh(), { cost: null }, now), { cost: 0.5 }, now);
      assert.equal(unknown.resources.cost_accrued, null);
    });
  });

  it("ends for inactivity only when it is idle for longer than the minutes", () => {
    const idle = transitionState(inState("Starting"), "Idle", now);
    assert.equal(shouldTerminateForInactivity(idle, 10, later(10)), false);
    assert.equal(shouldTerminateForInactivity(idle, 10, later(11)), true);
    assert.equal(shouldTerminateForInactivity(inState("Working"), 10, later(60)), false);
  });
});
