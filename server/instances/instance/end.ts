import type { RuntimeType } from "../../../schemas/agent.ts";
import { fail } from "../../../schemas/errors.ts";
import type { AgentInstance } from "../../../schemas/instance.ts";
import { isActive, transitionState, updateHealth } from "../../models/instance.ts";
import type { WorkerEnd } from "../drivers/driver.ts";

/** The error for callers that wait for a worker that has ended. */
export const deathOf = (runtime: RuntimeType, end: WorkerEnd | null): Error =>
  fail("worker_died", {
    what: { Local: "worker", Docker: "container", Kubernetes: "pod", CloudRun: "container" }[runtime],
    how: end?.how ?? "it is stopping",
  });

/** The last record of an instance that has ended: Terminated if that was requested, else Failed. */
export const recordOfEnd = (instance: AgentInstance, end: WorkerEnd, now: string): AgentInstance => {
  if (instance.state === "Stopping") return transitionState(instance, "Terminated", now);
  if (!isActive(instance)) return instance;
  const unhealthy = updateHealth(instance, false, end.how, now);
  return isActive(unhealthy) ? transitionState(unhealthy, "Failed", now) : unhealthy;
};
