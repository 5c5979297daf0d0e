import { fail } from "../../../schemas/errors.ts";
import type { AgentInstance, InstanceState } from "../../../schemas/instance.ts";
import type { Store } from "../../store/store.ts";
import type { Instance } from "./instance.ts";
import type { Cause } from "./records.ts";

/**
 * What a user may set by hand: Paused, Working (goes on), Stopping and Terminated. Everything else
 * is the pool's own, and refused like any illegal transition. Contract: `instances/setState`.
 */
export const setInstanceState = async (
  store: Store,
  live: ReadonlySet<Instance>,
  id: string,
  state: InstanceState,
  cause: Cause,
): Promise<AgentInstance> => {
  const instance = [...live].find((one) => one.id === id);
  const stored = instance?.record ?? store.get("instances", id);
  if (stored === null) throw fail("not_found", { kind: "instance", id });
  const refused = fail("illegal_transition", { what: `Instance ${id}`, from: stored.state, to: state });
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
