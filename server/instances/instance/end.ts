import { constants } from "node:os";
import { fail } from "../../../schemas/errors.ts";
import type { AgentInstance } from "../../../schemas/instance.ts";
import { isActive, transitionState, updateHealth } from "../../models/instance.ts";
import type { WorkerEnd } from "../drivers/driver.ts";

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** Why a process ended, told apart by its exit code, its signal and its last words. */
export const endOf = (code: number | null, signal: string | null, lastWords: string): WorkerEnd => {
  // A sandbox and a shell report a signal of their child as 128 and its number.
  const name = signal ?? (code === null ? undefined : signalNames.get(code - 128));
  if (/heap out of memory|Allocation failed|std::bad_alloc|OOMErrorHandler/i.test(lastWords)) {
    return { kind: "out_of_memory", how: "out of memory" };
  }
  if (name !== undefined) return { kind: "signalled", how: `signal ${name}` };
  return { kind: "exited", how: `exit code ${code ?? "unknown"}` };
};

/** What whoever waits for a worker that is gone is told. */
export const deathOf = (runtime: "Local" | "Docker", end: WorkerEnd | null): Error =>
  fail("worker_died", {
    what: runtime === "Docker" ? "container" : "worker",
    how: end?.how ?? "it is stopping",
  });

/** The record of an instance nothing of which runs any more: Terminated if that was asked for, else Failed. */
export const recordOfEnd = (instance: AgentInstance, end: WorkerEnd, now: string): AgentInstance => {
  if (instance.state === "Stopping") return transitionState(instance, "Terminated", now);
  if (!isActive(instance)) return instance;
  const unhealthy = updateHealth(instance, false, end.how, now);
  return isActive(unhealthy) ? transitionState(unhealthy, "Failed", now) : unhealthy;
};
