import { fail } from "../../../schemas/errors.ts";
import type { AgentInstance, InstanceState } from "../../../schemas/instance.ts";
import type { Store } from "../../store/store.ts";
import type { Instance } from "./instance.ts";
import { transitionState } from "../../models/instance.ts";
import type { Cause, InstanceRecords } from "./records.ts";

const settable: ReadonlySet<InstanceState> = new Set(["Paused", "Working", "Stopping", "Terminated"]);

/** Records that the user needs a Failed instance no longer. It has no process any more. */
const terminateFailed = async (
  records: InstanceRecords,
  failed: AgentInstance,
  cause: Cause,
): Promise<AgentInstance> => {
  const now = new Date().toISOString();
  const stopping = transitionState(failed, "Stopping", now);
  const terminated = transitionState(stopping, "Terminated", now);
  await records.write("StateChanged", failed, stopping, cause);
  await records.write("StateChanged", stopping, terminated, cause);
  return terminated;
};

/**
 * Sets a state that a user may set: Paused, Working (resumes), Stopping or Terminated. Only the pool sets the
 * other states. Errors: `illegal_transition`. Contract: `instances/setState`.
 */
export const setInstanceState = async (
  { store, records }: { store: Store; records: InstanceRecords },
  live: ReadonlySet<Instance>,
  id: string,
  state: InstanceState,
  cause: Cause,
): Promise<AgentInstance> => {
  const instance = [...live].find((one) => one.id === id);
  const stored = instance?.record ?? store.get("instances", id);
  if (stored === null) throw fail("not_found", { kind: "instance", id });
  const refused = fail("illegal_transition", { what: `Instance ${id}`, from: stored.state, to: state });
  if (!settable.has(state)) throw fail("state_not_settable", { state });
  const ends = state === "Stopping" || state === "Terminated";
  if (instance === undefined && stored.state === "Failed" && ends)
    return terminateFailed(records, stored, cause);
  if (instance === undefined) throw refused;
  switch (state) {
    case "Paused":
      await instance.pause(cause);
      break;
    case "Working":
      if (stored.state !== "Paused") throw refused;
      await instance.resume(cause);
      break;
    case "Stopping":
    case "Terminated":
      await instance.stop(cause);
      break;
    default:
      throw refused;
  }
  return instance.record;
};
