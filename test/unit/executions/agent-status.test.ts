import assert from "node:assert/strict";
import type { InstanceState } from "../../../schemas/instance.ts";
import { createAgentStatuses } from "../../../server/executions/agent-status.ts";
import { newAgent, updateStatus } from "../../../server/models/agent.ts";
import { newInstance } from "../../../server/models/instance.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { NOW, TENANT } from "../../support/records.ts";

const LATER = "2026-02-01T12:00:00.000Z";

describe("the status of an agent", () => {
  const start = async () => {
    const store = memoryStore(TENANT);
    const provider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
    const agent = newAgent({ tenant_id: TENANT, name: "coder", agent_type: "Coder", provider }, NOW);
    const { agent_id } = agent;
    const put = (status: typeof agent.status) =>
      store.commit((transaction) => {
        transaction.put("agents", updateStatus(agent, status, NOW));
      });
    await put("Available");
    const problems: string[] = [];
    const statuses = createAgentStatuses({ store, now: () => LATER, warn: (text) => problems.push(text) });
    const created = newInstance(
      { agent_id, tenant_id: TENANT, runtime_type: "Local", agent_version: "1" },
      NOW,
    );
    const change = async (state: InstanceState) => {
      const instance = { ...created, state };
      await store.commit((transaction) => {
        transaction.put("instances", instance);
      });
      statuses.follow({ type: "instance.changed", at: NOW, instance });
      assert.deepEqual(problems, []);
      return store.get("agents", agent_id)?.status;
    };
    return { put, change, statuses, agent: () => store.get("agents", agent_id) };
  };

  it("follows its instance from the start to the end, and says when it last worked", async () => {
    const { change, agent } = await start();
    const states: InstanceState[] = ["Provisioning", "Starting", "Idle", "Working", "Idle", "Stopping"];
    const seen = [];
    for (const state of [...states, "Terminated" as const]) seen.push(await change(state));
    assert.deepEqual(seen, [
      "Starting",
      "Starting",
      "Available",
      "Busy",
      "Available",
      "Stopping",
      "Available",
    ]);
    assert.equal(agent()?.last_active_at, LATER);
  });

  it("is Error after its instance failed, until one is ready again", async () => {
    const { change } = await start();
    await change("Working");
    assert.equal(await change("Failed"), "Error");
    assert.equal(await change("Starting"), "Starting");
    assert.equal(await change("Idle"), "Available");
  });

  it("stays Offline, which the user said", async () => {
    const { change, put } = await start();
    await put("Offline");
    assert.equal(await change("Idle"), "Offline");
  });

  it("is Available after a runtime that was killed while it worked", async () => {
    const { put, statuses, change, agent } = await start();
    await put("Busy");
    await statuses.recover();
    assert.equal(agent()?.status, "Available");
    // The instance of the killed runtime, which is told only now.
    assert.equal(await change("Failed"), "Available");
  });
});
