import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { SerialQueue } from "../../../../schemas/serial-queue.ts";
import type { Cluster } from "./cluster.ts";
import { isConflict, isMissing } from "./errors.ts";
import { MANAGED, stateOf } from "./pod.ts";

const Lease = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: z.string() }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseDurationSeconds: z.int().nullish(),
      leaseTransitions: z.int().nullish(),
    })
    .prefault({}),
});
type Lease = z.infer<typeof Lease>;

const DURATION_SECONDS = 30;
const RENEW_MS = 10_000;

/** Kubernetes: MicroTime. */
const microTime = (): string => new Date().toISOString().replace("Z", "000Z");

/**
 * Records which runtime owns the pods of a state folder. Each runtime has its own epoch: pods of an earlier
 * epoch are orphans. If two runtimes use the same state, such as a copy of it, only one has pods.
 */
export class RuntimeLease {
  /** What this runtime's pods are marked with. */
  readonly epoch = `${hostname()}/${randomUUID()}`;
  readonly #cluster: Cluster;
  readonly #name: string;
  readonly #stateFolder: string;
  readonly #onLost: () => void;
  readonly #queue = new SerialQueue();
  #held: Lease | null = null;
  #renewing: AbortController | null = null;

  /** @param onLost called when another runtime has taken over. This one must then stop all work. */
  constructor(cluster: Cluster, stateFolder: string, onLost: () => void) {
    this.#cluster = cluster;
    this.#stateFolder = stateFolder;
    this.#name = `coditect-${stateOf(stateFolder)}`;
    this.#onLost = onLost;
  }

  /**
   * Takes the Lease unless this runtime already has it, and renews it until `release`. Errors:
   * `cluster_unavailable` while a runtime on another machine has it; `ApiError`.
   */
  hold(signal: AbortSignal): Promise<void> {
    // Instances that start at the same time take it once.
    return this.#queue.run(() => this.#hold(signal));
  }

  /** Gives the Lease up, so that the next runtime can take it at once. */
  release(): Promise<void> {
    return this.#queue.run(() => this.#release());
  }

  async #hold(signal: AbortSignal): Promise<void> {
    if (this.#held !== null) return;
    const found = await this.#read(signal);
    this.#held = found === null ? await this.#create(signal) : await this.#take(found, signal);
    this.#renewing = new AbortController();
    void this.#renew(this.#renewing.signal);
  }

  async #release(): Promise<void> {
    this.#renewing?.abort();
    this.#renewing = null;
    const held = this.#held;
    this.#held = null;
    if (held === null) return;
    await this.#write(held, { holderIdentity: "" }, AbortSignal.timeout(RENEW_MS)).catch(() => undefined);
  }

  get #path(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#cluster.namespace}/leases`;
  }

  async #read(signal: AbortSignal): Promise<Lease | null> {
    try {
      return await this.#cluster.ask(Lease, "GET", `${this.#path}/${this.#name}`, {}, signal);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  #specOf(transitions: number): object {
    const now = microTime();
    return {
      holderIdentity: this.epoch,
      leaseDurationSeconds: DURATION_SECONDS,
      leaseTransitions: transitions,
      acquireTime: now,
      renewTime: now,
    };
  }

  #create(signal: AbortSignal): Promise<Lease> {
    const body = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: this.#name, labels: { ...MANAGED } },
      spec: this.#specOf(0),
    };
    return this.#cluster.ask(Lease, "POST", this.#path, { body }, signal);
  }

  /** The lock of the state folder shows that an earlier runtime on this machine is dead; others may live. */
  async #take(found: Lease, signal: AbortSignal): Promise<Lease> {
    const { holderIdentity, renewTime, leaseDurationSeconds, leaseTransitions } = found.spec;
    const holder = holderIdentity ?? "";
    const isOurs = holder === "" || holder.startsWith(`${hostname()}/`);
    const until = Date.parse(renewTime ?? "") + (leaseDurationSeconds ?? DURATION_SECONDS) * 1000;
    if (!isOurs && until > Date.now()) {
      throw fail("cluster_unavailable", {
        reason: `a runtime on ${holder.split("/")[0] ?? "another machine"} uses a copy of the state folder ${this.#stateFolder}`,
        hint: `Stop it, or wait ${DURATION_SECONDS} seconds after it has ended.`,
      });
    }
    return this.#write(found, this.#specOf((leaseTransitions ?? 0) + 1), signal);
  }

  /** The version ensures that nobody else has written the Lease in the meantime. */
  #write({ metadata, spec }: Lease, change: object, signal: AbortSignal): Promise<Lease> {
    const { name, resourceVersion } = metadata;
    const body = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name, resourceVersion, labels: { ...MANAGED } },
      spec: { ...spec, ...change },
    };
    return this.#cluster.ask(Lease, "PUT", `${this.#path}/${name}`, { body }, signal);
  }

  async #renew(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(RENEW_MS, null, { ref: false, signal }).catch(() => undefined);
      if (signal.aborted || this.#held === null) return;
      try {
        this.#held = await this.#write(this.#held, { renewTime: microTime() }, signal);
      } catch (error) {
        // While the API server is unreachable, nobody can take the Lease.
        if (!isConflict(error) && !isMissing(error)) continue;
        this.#held = null;
        this.#onLost();
        return;
      }
    }
  }
}
