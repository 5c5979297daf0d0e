import type { WorkerEnd } from "../driver.ts";
import { endOf, outOfMemory } from "../end.ts";
import { OUT_OF_MEMORY } from "../first-process.ts";
import { WORKER } from "./pod.ts";
import type { Pod } from "./pods.ts";

const KILLED_FOR_MEMORY = "OOMKilled";
/** What container engines say where an image lacks the program of the container. */
const notStarted: ReadonlySet<string> = new Set(["StartError", "ContainerCannotRun"]);
/** Exit codes of a container that was stopped: 128 plus SIGTERM, or SIGKILL if that was not enough. */
const endedByStop: ReadonlySet<number> = new Set([143, 137]);

/** The condition with which Kubernetes marks a pod that it removes from its node. */
const disruptionOf = (pod: Pod): { reason: string; message: string } | null => {
  const found = pod.status.conditions.find(
    ({ type, status }) => type === "DisruptionTarget" && status === "True",
  );
  return found === undefined ? null : { reason: found.reason ?? "", message: found.message ?? "" };
};

/** Removes the period at the end, because the text becomes part of a sentence. */
export const withWhy = (how: string, why: string | undefined): string =>
  why ? `${how}: ${why.trim().replace(/\.$/, "")}` : how;

/** Why a pod was removed from its node, by the reason that Kubernetes gives. */
const takenAway = (reason: string, message: string | undefined): WorkerEnd | null => {
  switch (reason) {
    case "Evicted":
    case "TerminationByKubelet":
    case "EvictionByEvictionAPI":
      return { kind: "evicted", how: withWhy("its node evicted it", message) };
    case "Preempting":
    case "Preempted":
    case "PreemptionByScheduler":
    case "PreemptionByKubeScheduler":
      return { kind: "preempted", how: withWhy("a pod with a higher priority took its place", message) };
    case "DeadlineExceeded":
      return { kind: "limit", how: "it reached its deadline (kubernetes.deadline_seconds)" };
    case "NodeLost":
    case "Shutdown":
    case "Terminated":
    case "NodeShutdown":
    case "DeletionByTaintManager":
    case "DeletionByPodGC":
      return { kind: "node_lost", how: withWhy("its node went away", message) };
    default:
      return null;
  }
};

/** Whether a pod's worker has ended, according to the API server. */
export const hasEnded = (pod: Pod | null): boolean =>
  pod === null ||
  pod.status.phase === "Failed" ||
  pod.status.phase === "Succeeded" ||
  workerState(pod)?.terminated != null;

const workerState = (pod: Pod) => pod.status.containerStatuses.find(({ name }) => name === WORKER)?.state;

/** Why the worker of a pod ended by itself. `pod` is null if somebody else deleted it. */
export const endOfPod = (pod: Pod | null, lastWords: string, memoryMb: number): WorkerEnd => {
  const deleted: WorkerEnd = { kind: "exited", how: "its pod was deleted" };
  if (pod === null) return deleted;
  const disruption = disruptionOf(pod);
  const taken =
    takenAway(pod.status.reason ?? "", pod.status.message) ??
    (disruption === null ? null : takenAway(disruption.reason, disruption.message));
  if (taken !== null) return taken;
  const ended = workerState(pod)?.terminated;
  // The connection of a pod that is being deleted breaks before its containers are seen to end.
  if (ended == null)
    return pod.metadata.deletionTimestamp == null
      ? { kind: "exited", how: "the connection to its pod broke" }
      : deleted;
  if (ended.reason === KILLED_FOR_MEMORY || ended.exitCode === OUT_OF_MEMORY) return outOfMemory(memoryMb);
  if (notStarted.has(ended.reason ?? "")) {
    const how = "its image may be of another version; run coditect image build and coditect image push";
    return { kind: "exited", how: withWhy(how, ended.message) };
  }
  // If somebody deletes a pod, its containers end by a signal, which would look like a crash.
  if (pod.metadata.deletionTimestamp != null && endedByStop.has(ended.exitCode)) return deleted;
  return endOf(ended.exitCode, null, lastWords);
};

const WAITS_FOR_EVER: ReadonlySet<string> = new Set([
  "ErrImageNeverPull",
  "InvalidImageName",
  "ImageInspectError",
  "CreateContainerConfigError",
  "ImagePullBackOff",
]);

/** Why a pod will not start; null if it still may. */
export const whyNotStarted = (pod: Pod): string | null => {
  for (const { state } of pod.status.containerStatuses) {
    const { reason = "", message } = state.waiting ?? {};
    if (WAITS_FOR_EVER.has(reason)) return withWhy(reason, message);
  }
  return null;
};

/** Kueue and similar schedulers add a gate to a pod until its turn comes. */
const HELD_BACK = "SchedulingGated";

/** What a pod that may still start waits for; null: Kubernetes names nothing. */
export const whyWaiting = ({ status }: Pod): string | null => {
  const scheduled = status.conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False")
    return scheduled.reason === HELD_BACK
      ? withWhy("its pod is held back from scheduling, for example by a queue", scheduled.message)
      : withWhy("no node can take its pod", scheduled.message);
  const waiting = status.containerStatuses.find(({ state }) => state.waiting?.reason !== undefined);
  const { reason, message } = waiting?.state.waiting ?? {};
  return reason === undefined ? null : withWhy(`a container of its pod waits (${reason})`, message);
};
