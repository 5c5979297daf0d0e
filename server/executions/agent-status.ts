import type { AgentStatus } from "../../schemas/agent.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { AgentInstance } from "../../schemas/instance.ts";
import { updateStatus } from "../models/agent.ts";
import { isActive } from "../models/instance.ts";
import type { Store } from "../store/store.ts";

export interface AgentStatusParts {
  store: Store;
  now: () => string;
  /** Called when a status could not be stored; the work continues. */
  warn: (problem: string) => void;
}

/** Keeps `status` and `last_active_at` of agents in step with what their instances do. */
export interface AgentStatuses {
  /** Resets agents that an earlier runtime left as Busy, Starting or Stopping. */
  recover(): Promise<void>;
  /** Follows the events of the runtime. */
  follow(event: RuntimeEvent): void;
}

/** Statuses that instances cause. Only the user sets Offline, and only the user changes it back. */
const ofInstances = (instances: readonly AgentInstance[]): AgentStatus | null => {
  const states = new Set(instances.map(({ state }) => state));
  if (states.has("Working")) return "Busy";
  if (states.has("Idle") || states.has("Paused")) return "Available";
  if (states.has("Provisioning") || states.has("Starting")) return "Starting";
  return states.has("Stopping") ? "Stopping" : null;
};

export const createAgentStatuses = ({ store, now, warn }: AgentStatusParts): AgentStatuses => {
  /** Instances of this runtime. Those of an earlier runtime that are now Failed do not count. */
  const seenActive = new Set<string>();

  const put = async (agentId: string, status: AgentStatus): Promise<void> => {
    await store.commit((transaction) => {
      const agent = transaction.get("agents", agentId);
      if (agent === null || agent.status === "Offline" || agent.status === status) return;
      transaction.put("agents", updateStatus(agent, status, now()));
    });
  };

  return {
    recover: async () => {
      for (const status of ["Busy", "Starting", "Stopping"] as const)
        for (const { agent_id } of store.all("agents", { status })) await put(agent_id, "Available");
    },

    follow: (event) => {
      if (event.type !== "instance.changed") return;
      const { instance } = event;
      if (isActive(instance)) seenActive.add(instance.instance_id);
      else if (!seenActive.delete(instance.instance_id)) return;
      const active = store.all("instances", { agent_id: instance.agent_id, active: true });
      const ended = instance.state === "Failed" ? "Error" : "Available";
      put(instance.agent_id, ofInstances(active) ?? ended).catch((error: unknown) => {
        warn(`the status of an agent could not be stored: ${String(error)}`);
      });
    },
  };
};
