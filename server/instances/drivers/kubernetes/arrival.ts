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
 * A node reports up to a second late that a container runs. A stream is tried this often until then, with these
 * pauses, and not again before the report: an image may take minutes.
 */
const PAUSES_MS = [0, 150, 150, 300, 300, 600];

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
   * Attaches to the container that starts last. Errors: `instance_not_started` with what Kubernetes says, `ApiError`,
   * those of the connection, the signal's reason.
   */
  async first(container: string): Promise<RemoteStream> {
    const { table, name } = this.#pod;
    const isPlaced = (pod: Pod | null): boolean => pod?.spec.nodeName !== undefined;
    await Promise.race([this.#reported, table.until(name, isPlaced, this.#signal)]);
    for (const pause of PAUSES_MS) {
      const isReported = this.#reported.then(() => true);
      if (await Promise.race([isReported, sleep(pause, false, { ref: false })])) break;
      try {
        return await this.#open("attach", container);
      } catch (error) {
        if (!isNotThere(error)) throw error;
      }
    }
    await this.#reported;
    return this.#open("attach", container);
  }

  /** Opens a further stream. Errors: as `first`. */
  async open(verb: "attach" | "exec", container: string, command: string[] = []): Promise<RemoteStream> {
    try {
      return await this.#open(verb, container, command);
    } catch (error) {
      if (!isNotThere(error)) throw error;
      // A node may start containers in another order.
      await this.#reported;
      return this.#open(verb, container, command);
    }
  }

  async #open(verb: "attach" | "exec", container: string, command: string[] = []): Promise<RemoteStream> {
    const { cluster, name, streams } = this.#pod;
    const path = `${podsPath(cluster.namespace, name)}/${verb}`;
    const stream = await openStream(cluster, path, { container }, command, this.#signal);
    streams.push(stream);
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
