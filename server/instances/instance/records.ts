import { randomUUID } from "node:crypto";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { AgentInstance, LifecycleEvent } from "../../../schemas/instance.ts";
import type { Json, Timestamp } from "../../../schemas/primitives.ts";
import { recordInstanceTime } from "../../metrics/instance-time.ts";
import { isActive, transitionState, updateHealth } from "../../models/instance.ts";
import type { Store } from "../../store/store.ts";

/** Why a record changes. Documents: "Audit Trail". */
export interface Cause {
  /** `runtime`, `pool`, `health`, `user:<surface>`. */
  actor: string;
  cause: string;
  details?: Record<string, Json>;
  /** When the former state ended, if that was earlier than now. */
  ended?: Timestamp;
}

/** Stores the records of instances, each with its event in the audit trail. */
export interface InstanceRecords {
  /**
   * Stores the record and the event about it in one commit, and emits the event. Resolves when both
   * are durable.
   */
  write(
    type: LifecycleEvent["event_type"],
    before: AgentInstance | null,
    after: AgentInstance,
    cause: Cause,
  ): Promise<void>;
  /** Stores measurements. They do not change the state, so the audit trail does not contain them. */
  measured(instance: AgentInstance): Promise<void>;
}

export const createRecords = (store: Store, emit: (event: RuntimeEvent) => void): InstanceRecords => ({
  write: async (type, before, after, { actor, cause, details, ended }) => {
    const timestamp = new Date().toISOString();
    const event: LifecycleEvent = {
      event_id: randomUUID(),
      tenant_id: after.tenant_id,
      instance_id: after.instance_id,
      timestamp,
      event_type: type,
      actor,
      cause,
      from_state: before?.state ?? null,
      to_state: after.state,
      details: details ?? {},
    };
    const durable = store.commit((transaction) => {
      transaction.put("instances", after);
      transaction.put("lifecycle", event);
      if (before !== null && before.state !== after.state)
        recordInstanceTime(transaction, before, after, ended ?? after.updated_at);
    });
    emit({ type: "instance.changed", at: timestamp, instance: after });
    await durable;
  },
  measured: async (instance) => {
    const durable = store.commit((transaction) => {
      transaction.put("instances", instance);
    });
    emit({ type: "instance.changed", at: new Date().toISOString(), instance });
    await durable;
  },
});

/** When its runtime last wrote about it. Nobody knows how long it lived after that. */
const lastSign = ({ updated_at, health, resources }: AgentInstance): Timestamp =>
  [updated_at, health.last_check, resources.last_updated].reduce((one, other) => (other > one ? other : one));

/** Records the end of instances whose runtime ended without recording it. */
export const recordLost = async (store: Store, records: InstanceRecords): Promise<AgentInstance[]> => {
  const now = new Date().toISOString();
  const cause = "its runtime ended without stopping it";
  const lost = store.all("instances", { active: true });
  const writes = lost.map((before) => {
    const unhealthy = updateHealth(before, false, cause, now);
    const failed = isActive(unhealthy) ? transitionState(unhealthy, "Failed", now) : unhealthy;
    return records.write("StateChanged", before, failed, {
      actor: "runtime",
      cause,
      ended: lastSign(before),
    });
  });
  await Promise.all(writes);
  return lost;
};
