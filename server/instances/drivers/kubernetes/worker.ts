import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerEnd } from "../driver.ts";
import type { RemoteStream } from "../remote/stream.ts";
import { RemoteWorker, type StartedWorker } from "../remote/worker.ts";
import type { Cluster } from "./cluster.ts";
import { endOfPod, hasEnded } from "./end.ts";
import type { Pod, PodTable } from "./pods.ts";
import type { PodSource } from "./source.ts";

/** How long Kubernetes may take to report a pod's end after its streams have ended. */
const WORD_MS = 3000;
/** How long a pod may take to disappear after it was deleted. */
export const GONE_MS = 20_000;

/** A started pod, and what it was started with. */
export interface StartedPod extends StartedWorker {
  cluster: Cluster;
  table: PodTable;
  /** Of the pod. */
  name: string;
  source: PodSource;
  /** The connection to the container that writes the pod's files. The container ends with the connection. */
  files: RemoteStream;
  /** Called when the pod is gone or could not be removed. */
  onGone: (wasRemoved: boolean) => void;
}

/** A worker in a pod. */
export class PodWorker extends RemoteWorker {
  readonly ended: Promise<WorkerEnd>;
  readonly #started: StartedPod;
  #reason: WorkerEnd | null = null;
  #removal: Promise<boolean> | null = null;

  constructor(started: StartedPod) {
    super(started.name, started.cluster.host, started);
    this.#started = started;
    this.ended = this.#whenEnded();
  }

  async #whenEnded(): Promise<WorkerEnd> {
    const { table, name, worker, files, memoryMb, onGone } = this.#started;
    const never = new AbortController();
    const saidSo = table.until(name, hasEnded, never.signal).then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([worker.closed, saidSo]);
    const pod = await this.#lastWord();
    never.abort();
    const end = endOfPod(pod, worker.lastWords(), memoryMb);
    worker.close();
    files.close();
    onGone(await this.#remove());
    return this.#reason ?? end;
  }

  /** The pod once Kubernetes has reported how it ended; without a report, the pod as last known. */
  async #lastWord(): Promise<Pod | null> {
    const { table, name } = this.#started;
    let latest: Pod | null = null;
    const look = (pod: Pod | null): boolean => {
      latest = pod ?? latest;
      return hasEnded(pod);
    };
    const pod = await table
      .until(name, look, AbortSignal.timeout(this.#reason === null ? WORD_MS : 1))
      .catch(() => latest);
    return pod ?? latest;
  }

  /** Whether the pod is gone. If the API server is unreachable, the next sweep asks it again. */
  #remove(): Promise<boolean> {
    const { source } = this.#started;
    this.#removal ??= source.remove(AbortSignal.timeout(GONE_MS)).then(
      () => true,
      () => false,
    );
    return this.#removal;
  }

  async kill(reason: WorkerEnd): Promise<WorkerEnd> {
    this.#reason ??= reason;
    // Both end what runs in the pod: closing the streams at once, the API server completely.
    const removed = this.#remove();
    this.#started.worker.close();
    this.#started.files.close();
    await Promise.race([removed, sleep(GONE_MS, null, { ref: false })]);
    return this.ended;
  }
}
