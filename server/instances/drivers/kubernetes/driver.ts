import type { Json } from "../../../../schemas/primitives.ts";
import type { WorkerEntry } from "../../../platform/installation.ts";
import { programFiles } from "../docker/mirror/mirrors.ts";
import { fileParts, mountFolders, treeParts } from "../../../workspace/tree.ts";
import { startUnlessCancelled } from "../cancellable-start.ts";
import type { Driver, RunningWorker, TellWait, WorkerSpec } from "../driver.ts";
import { Kept } from "../remote/kept.ts";
import { COPY_FOLDER } from "../remote/environment.ts";
import { Receiver } from "../remote/files.ts";
import { StartTimes } from "../remote/start-times.ts";
import type { RemoteStream } from "../remote/stream.ts";
import { PodArrival } from "./arrival.ts";
import { claimProblem, WorkspaceCache } from "./cache.ts";
import { chooseCluster } from "./choose.ts";
import type { Cluster } from "./cluster.ts";
import { clusterError } from "./errors.ts";
import { RuntimeLease } from "./lease.ts";
import { EPOCH, FILES, labelsOf, MANAGED, podName, podOf, STATE_LABEL, stateOf } from "./pod.ts";
import { deletePod, listPods, PodTable } from "./pods.ts";
import { podRules } from "./probe.ts";
import { deleteClaim, listClaims, offersClaims } from "./sandbox.ts";
import type { KubernetesSettings } from "./settings.ts";
import { startWorker } from "./start-worker.ts";
import { ClaimedPod, CreatedPod, type PodSource, whileAway } from "./source.ts";
import { GONE_MS, PodWorker } from "./worker.ts";

const ANSWER_MS = 30_000;

const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");

export interface KubernetesDriverOptions {
  entry: WorkerEntry;
  /** The label of this runtime's pods. The driver removes only pods with this label. */
  stateFolder: string;
  settings: KubernetesSettings;
  /** Called with what the user should know although instances work. */
  warn?: (problem: string) => void;
  /** If left out, the cluster of this user's kubeconfig, or the one that this process runs in. */
  cluster?: () => Promise<Cluster>;
}

/** What the pods of one runtime share. */
interface Place {
  cluster: Cluster;
  table: PodTable;
  lease: RuntimeLease;
  /** Whether pods come from the warm pool that the settings name. */
  isWarm: boolean;
}

/** The parts of an instance that exist while it starts. */
interface Begun {
  cache: WorkspaceCache | null;
  streams: RemoteStream[];
  source: PodSource | null;
  tellWait: TellWait;
}

/** Whether a pod that did not become an instance was removed completely. */
const isRemoved = (source: PodSource | null): Promise<boolean> =>
  source === null
    ? Promise.resolve(true)
    : source.remove(AbortSignal.timeout(GONE_MS)).then(
        () => true,
        () => false,
      );

/** Instances as pods. Their files are sent; nothing of this machine is mounted. */
export class KubernetesDriver implements Driver {
  readonly runtime = "Kubernetes";
  readonly #options: KubernetesDriverOptions;
  readonly #workers = new Set<PodWorker>();
  /** Names of this runtime's own pods, which are not orphans. */
  readonly #own = new Set<string>();
  readonly #place = new Kept(() => this.#open());
  /** Orphaned pods are removed once, and again if one could not be removed. */
  readonly #sweep = new Kept(async () => this.#removeLeft(await this.#place.get()));
  /** Null if there is none, or if pods cannot mount it. */
  readonly #cache = new Kept(async () => this.#openCache(await this.#place.get()));

  constructor(options: KubernetesDriverOptions) {
    this.#options = options;
  }

  start(spec: WorkerSpec, signal: AbortSignal, tellWait: TellWait): Promise<RunningWorker> {
    return startUnlessCancelled(() => this.#launch(spec, signal, tellWait), signal);
  }

  async removeOrphans(): Promise<number> {
    try {
      return await this.#sweep.get();
    } catch (error) {
      throw clusterError(error);
    }
  }

  async #open(): Promise<Place> {
    const { stateFolder, settings } = this.#options;
    const cluster = await (this.#options.cluster ?? (() => chooseCluster(settings)))();
    const isWarm =
      settings.warm_pool !== null && (await offersClaims(cluster, AbortSignal.timeout(ANSWER_MS)));
    // Pods of a warm pool have the label of their claim instead of the label of a state folder.
    const table = new PodTable(cluster, selectorOf(isWarm ? MANAGED : this.#labels));
    const lease = new RuntimeLease(cluster, stateFolder, () => {
      for (const worker of this.#workers)
        void worker.kill({ kind: "stopped", how: "another runtime took over its state folder" });
    });
    return { cluster, table, lease, isWarm };
  }

  async #openCache({ cluster, isWarm }: Place): Promise<WorkspaceCache | null> {
    const { settings, stateFolder, warn = () => undefined } = this.#options;
    const claim = settings.cache_claim;
    if (claim === null) return null;
    const cache = new WorkspaceCache({ claim, settings, stateFolder, warn });
    // Pods of a warm pool run already, so they have their claim.
    const problem = isWarm ? null : await claimProblem(cluster, claim, AbortSignal.timeout(ANSWER_MS));
    if (problem === null) return cache;
    cache.tell(problem);
    return null;
  }

  get #labels(): Record<string, string> {
    return { ...MANAGED, [STATE_LABEL]: stateOf(this.#options.stateFolder) };
  }

  async #removeLeft({ cluster, isWarm }: Place): Promise<number> {
    const signal = AbortSignal.timeout(60_000);
    const selector = selectorOf(this.#labels);
    const isLeft = ({ metadata }: { metadata: { name: string } }): boolean => !this.#own.has(metadata.name);
    const pods = (await listPods(cluster, selector, signal)).filter(isLeft);
    const claims = isWarm ? (await listClaims(cluster, selector, signal)).filter(isLeft) : [];
    await Promise.all([
      ...pods.map(({ metadata }) => deletePod(cluster, metadata.name, signal, metadata.uid)),
      ...claims.map(({ metadata }) => deleteClaim(cluster, metadata.name, signal)),
    ]);
    return pods.length + claims.length;
  }

  async #launch(spec: WorkerSpec, cancelled: AbortSignal, tellWait: TellWait): Promise<RunningWorker> {
    const name = podName(spec.instance_id);
    const begun: Begun = { cache: null, streams: [], source: null, tellWait };
    const failed = new AbortController();
    const signal = AbortSignal.any([cancelled, failed.signal]);
    let place: Place | null = null;
    this.#own.add(name);
    try {
      const found = await this.#place.get();
      await whileAway(found.cluster, () => found.lease.hold(signal), signal, tellWait);
      await whileAway(found.cluster, () => this.#sweep.get(), signal, tellWait);
      begun.cache = await whileAway(found.cluster, () => this.#cache.get(), signal, tellWait);
      found.table.use();
      place = found;
      return await this.#bringUp(spec, found, begun, signal);
    } catch (error) {
      failed.abort();
      for (const stream of begun.streams) stream.close();
      if (place !== null) {
        // A pod that could not be removed is an orphan from now on.
        if (!(await isRemoved(begun.source))) this.#sweep.drop();
        this.#leave(place, name);
      } else this.#own.delete(name);
      throw clusterError(error);
    }
  }

  #leave({ table, lease }: Place, name: string): void {
    this.#own.delete(name);
    table.release();
    if (this.#own.size === 0) void lease.release();
  }

  async #bringUp(spec: WorkerSpec, place: Place, begun: Begun, signal: AbortSignal): Promise<RunningWorker> {
    const { entry, stateFolder, settings } = this.#options;
    const { cluster, table, lease } = place;
    const { cache, streams } = begun;
    const program = programFiles(entry);
    const folders = mountFolders([...program, ...spec.readable]);
    const { args } = entry;
    const cacheClaim = cache?.claim ?? null;
    const choices = { settings, stateFolder, epoch: lease.epoch, args, folders, cacheClaim };
    const { pod, environment, image } = podOf(spec, choices);
    const source = this.#source(spec, place, pod);
    begun.source = source;
    const times = new StartTimes();
    const made = await times.of("created", source.obtain(signal));
    const { name } = made.metadata;
    const pending = { cluster, table, name, streams, tellWait: begun.tellWait };
    const arrival = new PodArrival(pending, signal);
    const files = await times.of("files", arrival.open("attach", FILES));
    const kept = cache === null ? {} : { cache: cache.of(spec.workspace) };
    const receiver = new Receiver({ stream: files, what: "pod", ...kept });
    const workspace = receiver.tree(() => treeParts(spec.workspace, spec.readable));
    const sent = times.of("program", receiver.tree(() => fileParts(program)).sync(signal));
    const rules = podRules(cluster, name, table.all(), settings.allow_reachable);
    const starting = { arrival, sent, rules, times, egress: spec.egress_socket };
    // The worker starts while the workspace is on its way: it reads nothing of it until it is asked to.
    const [{ worker, overseer, reachable }] = await Promise.all([
      startWorker(starting),
      sent,
      times.of("workspace", workspace.sync(signal)),
    ]);
    const { problem, ...use } = receiver.use;
    if (problem !== null) cache?.tell(problem);
    const running = new PodWorker({
      ...{ cluster, table, name, source, worker, files, overseer, environment },
      paths: { source: spec.workspace, copy: COPY_FOLDER },
      details: {
        ...{ image, workspace: "sent to the cluster", namespace: cluster.namespace },
        ...(place.isWarm && { warm_pool: settings.warm_pool }),
        node: table.all().find(({ metadata }) => metadata.name === name)?.spec.nodeName ?? null,
        reachable,
        start_ms: times.parts,
        ...(cache !== null && { cache: { claim: cache.claim, ...use } }),
      },
      memoryMb: spec.limits.memory_mb,
      remote: {
        refresh: (refreshing) => workspace.sync(refreshing),
        copyBytes: () => overseer.bytes(COPY_FOLDER),
      },
      onGone: (wasRemoved) => {
        for (const stream of streams) stream.close();
        this.#workers.delete(running);
        this.#leave(place, source.name);
        // The API server may be unreachable. What is left is removed before the next instance starts.
        if (!wasRemoved) this.#sweep.drop();
      },
    });
    this.#workers.add(running);
    return running;
  }

  /** A pod from the warm pool if there is one; otherwise a new pod. */
  #source(spec: WorkerSpec, { cluster, table, lease, isWarm }: Place, pod: Json): PodSource {
    const { stateFolder, settings } = this.#options;
    const name = podName(spec.instance_id);
    if (!isWarm || settings.warm_pool === null) return new CreatedPod(cluster, table, name, pod);
    const claim = {
      ...{ name, pool: settings.warm_pool, seconds: settings.deadline_seconds },
      labels: labelsOf(spec.instance_id, stateFolder),
      annotations: { [EPOCH]: lease.epoch },
    };
    return new ClaimedPod(cluster, table, claim, pod, settings.patch_allowed);
  }
}
