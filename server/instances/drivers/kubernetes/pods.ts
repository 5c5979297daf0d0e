import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Cluster } from "./cluster.ts";
import { isMissing } from "./errors.ts";

const Terminated = z.object({
  exitCode: z.int(),
  reason: z.string().optional(),
  message: z.string().optional(),
});
const ContainerStatus = z.object({
  name: z.string(),
  state: z
    .object({
      waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).nullish(),
      running: z.object({}).nullish(),
      terminated: Terminated.nullish(),
    })
    .default({}),
});

/** The fields of a pod that are read. The API server sends many more. */
export const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().nullish(),
  }),
  spec: z.object({ nodeName: z.string().optional() }).default({}),
  status: z
    .object({
      phase: z.string().default("Pending"),
      reason: z.string().optional(),
      message: z.string().optional(),
      podIP: z.string().optional(),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .default([]),
      containerStatuses: z.array(ContainerStatus).default([]),
    })
    .prefault({}),
});
export type Pod = z.infer<typeof Pod>;

const List = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(Pod) });
const Change = z.object({ type: z.string(), object: z.unknown() });

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

export const podsPath = (namespace: string, name?: string): string =>
  `/api/v1/namespaces/${namespace}/pods${name === undefined ? "" : `/${name}`}`;

/**
 * The pods of one runtime as the API server reports them, over a single connection. If the connection
 * breaks, the pods are listed again. If the server is unreachable, it is asked until it answers.
 */
export class PodTable {
  readonly #cluster: Cluster;
  readonly #selector: string;
  readonly #pods = new Map<string, Pod>();
  readonly #listeners = new Set<() => void>();
  #following: AbortController | null = null;
  #users = 0;
  /** Whether the known pods match what the API server reports now. */
  #isCurrent = false;

  constructor(cluster: Cluster, selector: string) {
    this.#cluster = cluster;
    this.#selector = selector;
  }

  /** Follows the pods until `release` was called as often as this. */
  use(): void {
    this.#users += 1;
    if (this.#following !== null) return;
    this.#following = new AbortController();
    void this.#follow(this.#following.signal);
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#following?.abort();
    this.#following = null;
    this.#isCurrent = false;
    this.#pods.clear();
  }

  all(): Pod[] {
    return [...this.#pods.values()];
  }

  /** Resolves with the pod, or null if there is none, once `isIt` is true. Errors: the signal's reason. */
  async until(name: string, isIt: (pod: Pod | null) => boolean, signal: AbortSignal): Promise<Pod | null> {
    for (;;) {
      signal.throwIfAborted();
      const pod = this.#pods.get(name) ?? null;
      if ((pod !== null || this.#isCurrent) && isIt(pod)) return pod;
      await this.#change(signal);
    }
  }

  /** Resolves with the first pod for which `isIt` is true. Errors: the signal's reason. */
  async first(isIt: (pod: Pod) => boolean, signal: AbortSignal): Promise<Pod> {
    for (;;) {
      signal.throwIfAborted();
      const found = this.all().find(isIt);
      if (found !== undefined) return found;
      await this.#change(signal);
    }
  }

  /** Resolves when the table has changed or the signal aborts. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      const done = (): void => {
        this.#listeners.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#listeners.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let wait = FIRST_WAIT_MS;
    while (!signal.aborted) {
      try {
        const since = await this.#list(signal);
        wait = FIRST_WAIT_MS;
        await this.#watch(since, signal);
      } catch {
        // The server is unreachable, or the version is too old, so the pods are listed again.
      }
      this.#isCurrent = false;
      await sleep(wait, null, { ref: false, signal }).catch(() => undefined);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const path = podsPath(this.#cluster.namespace);
    const query = { labelSelector: this.#selector };
    const { metadata, items } = await this.#cluster.ask(List, "GET", path, { query }, signal);
    this.#pods.clear();
    for (const pod of items) this.#pods.set(pod.metadata.name, pod);
    this.#isCurrent = true;
    this.#tell();
    return metadata.resourceVersion;
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const query = { labelSelector: this.#selector, resourceVersion, timeoutSeconds: "300" };
    const changes = this.#cluster.watch(podsPath(this.#cluster.namespace), query, signal);
    for await (const line of changes) {
      const { type, object } = Change.parse(line);
      if (type === "ERROR") return;
      const pod = Pod.safeParse(object).data;
      if (pod === undefined) continue;
      if (type === "DELETED") this.#pods.delete(pod.metadata.name);
      else this.#pods.set(pod.metadata.name, pod);
      this.#tell();
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Asks the API server to end a pod. Does nothing if the pod is gone. */
export const deletePod = async (
  cluster: Cluster,
  name: string,
  signal: AbortSignal,
  uid?: string,
): Promise<void> => {
  const body = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: 1,
    ...(uid !== undefined && { preconditions: { uid } }),
  };
  try {
    await cluster.ask(z.unknown(), "DELETE", podsPath(cluster.namespace, name), { body }, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
};

export const listPods = async (
  cluster: Cluster,
  labelSelector: string,
  signal: AbortSignal,
): Promise<Pod[]> => {
  const path = podsPath(cluster.namespace);
  return (await cluster.ask(List, "GET", path, { query: { labelSelector } }, signal)).items;
};
