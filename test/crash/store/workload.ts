import type { InstanceState, LifecycleEvent } from "../../../schemas/instance.ts";
import { newInstance } from "../../../server/models/instance.ts";
import type { Transaction } from "../../../server/store/store.ts";

export const tenantId = "7b1f6a52-2f0f-4d3e-9a44-0d5a52a3c001";
const at = "2026-01-31T12:00:00.000Z";
const uuid = (kind: number, writer: number, count = 0): string =>
  `${String(kind).padStart(8, "0")}-0000-4000-8000-${String(writer * 1e8 + count).padStart(12, "0")}`;

export const taskId = (writer: number): string => uuid(1, writer);
export const instanceId = (writer: number): string => uuid(2, writer);
export const agentId = (writer: number): string => uuid(3, writer % 3);

const states: InstanceState[] = ["Idle", "Working", "Paused", "Terminated"];
export const stateAt = (count: number): InstanceState => states[count % states.length] ?? "Idle";

/** Lifecycle events that are kept, so that removing is a part of every commit too. */
export const TRAIL = 20;

/** One commit over three records: a counter, an instance whose indexes move, its lifecycle event. */
export const writeRound = (transaction: Transaction, writer: number, count: number): void => {
  transaction.put("tasks", {
    task_id: taskId(writer),
    tenant_id: tenantId,
    workflow: "tdd",
    description: "x".repeat(count % 500),
    file: null,
    data: count,
    created_at: at,
  });
  const instance = newInstance(
    { agent_id: agentId(writer), tenant_id: tenantId, runtime_type: "Local", agent_version: "1" },
    at,
  );
  transaction.put("instances", { ...instance, instance_id: instanceId(writer), state: stateAt(count) });
  transaction.put("lifecycle", lifecycleEvent(writer, count));
  if (count > TRAIL) transaction.remove("lifecycle", lifecycleId(writer, count - TRAIL));
};

const timestamp = (count: number): string => new Date(Date.parse(at) + count).toISOString();
export const lifecycleId = (writer: number, count: number): string =>
  `${instanceId(writer)}/${timestamp(count)}:${uuid(4, writer, count)}`;

const lifecycleEvent = (writer: number, count: number): LifecycleEvent => ({
  event_id: uuid(4, writer, count),
  tenant_id: tenantId,
  instance_id: instanceId(writer),
  timestamp: timestamp(count),
  event_type: "StateChanged",
  actor: "pool",
  cause: "round",
  from_state: stateAt(count + 3),
  to_state: stateAt(count),
  details: {},
});
