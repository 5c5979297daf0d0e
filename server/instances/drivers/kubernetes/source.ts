import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../../../schemas/errors.ts";
import { Json } from "../../../../schemas/primitives.ts";
import type { TellWait } from "../driver.ts";
import type { Cluster } from "./cluster.ts";
import { withWhy } from "./end.ts";
import { isAway, isConflict, isForbidden } from "./errors.ts";
import { unlike } from "./patch.ts";
import { deletePod, Pod, podsPath, type PodTable } from "./pods.ts";
import { CLAIM_UID_LABEL, createClaim, deleteClaim, readClaim, type WantedClaim } from "./sandbox.ts";

const AGAIN_MS = 500;

/** Obtains and removes the pod of one instance. */
export interface PodSource {
  /** Name of the object that this runtime created: a pod or a claim. */
  readonly name: string;
  /** Resolves with the pod. Its containers may not run yet. */
  obtain(signal: AbortSignal): Promise<Pod>;
  /** Resolves when the pod and its claim are gone, whether or not the pod was obtained. */
  remove(signal: AbortSignal): Promise<void>;
}

/** Tries again while the API server is unreachable or starting, until the signal aborts. */
export const whileAway = async <T>(
  cluster: Cluster,
  work: () => Promise<T>,
  signal: AbortSignal,
  tellWait: TellWait = () => undefined,
): Promise<T> => {
  for (;;) {
    try {
      const done = await work();
      tellWait(null);
      return done;
    } catch (error) {
      const mayPass = isAway(error) || (isForbidden(error) && cluster.isComingBack);
      if (signal.aborted || !mayPass) throw error;
      tellWait(withWhy("the API server does not answer", error instanceof Error ? error.message : undefined));
      await sleep(AGAIN_MS, null, { signal, ref: false });
    }
  }
};

/** Creates an object. If it exists, an answer was lost: only this instance uses its name, so the object is read. */
const made = <T>(
  cluster: Cluster,
  create: () => Promise<T>,
  read: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> =>
  whileAway(cluster, create, signal).catch((error: unknown) => {
    if (isConflict(error)) return read();
    throw error;
  });

/** A pod that is created for the instance. */
export class CreatedPod implements PodSource {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #table: PodTable;
  readonly #wanted: Json;
  #uid: string | undefined;

  constructor(cluster: Cluster, table: PodTable, name: string, wanted: Json) {
    this.#cluster = cluster;
    this.#table = table;
    this.name = name;
    this.#wanted = wanted;
  }

  async obtain(signal: AbortSignal): Promise<Pod> {
    const cluster = this.#cluster;
    const body = this.#wanted;
    const pod = await made(
      cluster,
      () => cluster.ask(Pod, "POST", podsPath(cluster.namespace), { body }, signal),
      () => cluster.ask(Pod, "GET", podsPath(cluster.namespace, this.name), {}, signal),
      signal,
    );
    this.#uid = pod.metadata.uid;
    return pod;
  }

  async remove(signal: AbortSignal): Promise<void> {
    await deletePod(this.#cluster, this.name, signal, this.#uid);
    const isGone = (pod: Pod | null): boolean => pod === null || pod.metadata.uid !== this.#uid;
    await this.#table.until(this.name, this.#uid === undefined ? (pod) => pod === null : isGone, signal);
  }
}

/** A pod that waits in a warm pool until a claim takes it. */
export class ClaimedPod implements PodSource {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #table: PodTable;
  readonly #claim: WantedClaim;
  readonly #wanted: Json;
  readonly #allowed: readonly string[];
  #pod: Pod | null = null;

  /**
   * @param wanted the pod that would be created instead: the pod from the pool must be confined in the same way.
   * @param allowed paths of fields in which the pod from the pool may differ.
   */
  constructor(
    cluster: Cluster,
    table: PodTable,
    claim: WantedClaim,
    wanted: Json,
    allowed: readonly string[],
  ) {
    this.#cluster = cluster;
    this.#table = table;
    this.name = claim.name;
    this.#claim = claim;
    this.#wanted = wanted;
    this.#allowed = allowed;
  }

  async obtain(signal: AbortSignal): Promise<Pod> {
    const cluster = this.#cluster;
    const claim = await made(
      cluster,
      () => createClaim(cluster, this.#claim, signal),
      () => readClaim(cluster, this.name, signal),
      signal,
    );
    const isOfClaim = (pod: Pod): boolean => pod.metadata.labels[CLAIM_UID_LABEL] === claim.metadata.uid;
    const pod = await this.#table.first(isOfClaim, signal);
    this.#pod = pod;
    const path = podsPath(cluster.namespace, pod.metadata.name);
    const found = await whileAway(cluster, () => cluster.ask(Json, "GET", path, {}, signal), signal);
    const differences = unlike(this.#wanted, found, this.#allowed);
    if (differences.length > 0)
      throw fail("warm_pod_differs", { pool: this.#claim.pool, paths: differences.join(", ") });
    return pod;
  }

  async remove(signal: AbortSignal): Promise<void> {
    await deleteClaim(this.#cluster, this.name, signal);
    const pod = this.#pod;
    if (pod === null) return;
    const { name, uid } = pod.metadata;
    await this.#table.until(name, (now) => now?.metadata.uid !== uid, signal);
  }
}
