import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../../../schemas/errors.ts";
import type { TellWait } from "../driver.ts";
import type { RemoteStream } from "../remote/stream.ts";
import type { Cluster } from "./cluster.ts";
import { endOfPod, hasEnded, whyNotStarted, whyWaiting } from "./end.ts";
import { ApiError, isForbidden } from "./errors.ts";
import { podsPath, type Pod, type PodTable } from "./pods.ts";
import { openStream } from "./stream.ts";

/**
 * A node reports up to a second late that a container runs. Until then, a stream is tried this often, but not for
 * long: an image may take minutes.
 */
const EVERY_MS = 100;
const TRIES = 40;

const areRunning = ({ status: { containerStatuses } }: Pod): boolean =>
  containerStatuses.length >= 2 && containerStatuses.every(({ state }) => state.running != null);

/** Whether an API server or node says that a container is not there. */
const isNotThere = (error: unknown): boolean => error instanceof ApiError && !isForbidden(error);

export interface ArrivingPod {
  cluster: Cluster;
  table: PodTable;
  name: string;
  tellWait: TellWait;
  /** Gets every stream that is opened. */
  streams: RemoteStream[];
}

/** Opens streams to the containers of a pod that starts, each as soon as its container runs. */
export class PodArrival {
  readonly #pod: ArrivingPod;
  readonly #signal: AbortSignal;
  /** Resolves when all containers run, as the API server reports. */
  readonly #reported: Promise<void>;

  constructor(pod: ArrivingPod, signal: AbortSignal) {
    this.#pod = pod;
    this.#signal = signal;
    this.#reported = this.#running();
    this.#reported.catch(() => undefined); // It is awaited later.
  }

  /**
   * Opens a stream to a container that may not run yet. Errors: `instance_not_started` with what Kubernetes says,
   * `ApiError`, those of the connection, the signal's reason.
   */
  async open(verb: "attach" | "exec", container: string, command: string[] = []): Promise<RemoteStream> {
    const { table, name } = this.#pod;
    const isPlaced = (pod: Pod | null): boolean => pod?.spec.nodeName !== undefined;
    await Promise.race([this.#reported, table.until(name, isPlaced, this.#signal)]);
    const isDecided = this.#reported.then(
      () => true,
      () => true,
    );
    for (let tried = 0; tried < TRIES; tried += 1) {
      try {
        return await this.#open(verb, container, command);
      } catch (error) {
        if (!isNotThere(error)) throw error;
      }
      if (await Promise.race([isDecided, sleep(EVERY_MS, false, { ref: false })])) break;
    }
    await this.#reported;
    return this.#open(verb, container, command);
  }

  async #open(verb: "attach" | "exec", container: string, command: string[] = []): Promise<RemoteStream> {
    const { cluster, name, streams } = this.#pod;
    const path = `${podsPath(cluster.namespace, name)}/${verb}`;
    const stream = await openStream(cluster, path, { container }, command, this.#signal);
    streams.push(stream);
    // It may have opened after the start failed and the other streams were closed.
    if (this.#signal.aborted) stream.close();
    return stream;
  }

  async #running(): Promise<void> {
    const { table, name, tellWait } = this.#pod;
    const isDecided = (pod: Pod | null): boolean => {
      if (pod === null) return false;
      tellWait(whyWaiting(pod));
      return areRunning(pod) || hasEnded(pod) || whyNotStarted(pod) !== null;
    };
    const pod = await table.until(name, isDecided, this.#signal);
    if (pod === null) return;
    const why = whyNotStarted(pod);
    if (why !== null) throw fail("instance_not_started", { reason: `its pod does not start: ${why}` });
    if (hasEnded(pod)) throw fail("instance_not_started", { reason: endOfPod(pod, "", 0).how });
  }
}
