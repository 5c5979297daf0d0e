import { dirname, extname, join } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { WorkerEntry } from "../../../platform/installation.ts";
import { startUnlessCancelled } from "../cancellable-start.ts";
import { WORKER_LIBRARIES, WORKER_NODE } from "../docker/container.ts";
import { programFiles } from "../docker/mirror/mirrors.ts";
import { fileParts, mountFolders, treeParts } from "../../../workspace/tree.ts";
import type { TreePart } from "../../../workspace/tree.ts";
import type { Driver, RunningWorker, TellWait, WorkerSpec } from "../driver.ts";
import { carryEgress, RELAY, RELAYED_SOCKET } from "../egress/relay.ts";
import { Kept } from "../remote/kept.ts";
import { COPY, COPY_FOLDER, HOME_FOLDER, remoteEnvironment } from "../remote/environment.ts";
import { Receiver } from "../remote/files.ts";
import { measureIsolation } from "../remote/isolation.ts";
import { Overseer, OVERSEER } from "../remote/overseer.ts";
import { RECEIVER } from "../remote/receiver.ts";
import type { CloudRunAdmin, Service } from "./admin.ts";
import { chooseRegion, openRegions } from "./choose.ts";
import { cloudRunError, isMissing } from "./errors.ts";
import { channels } from "./gateway/protocol.ts";
import { cloudRunRules } from "./isolation.ts";
import { machineFor } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { dollarsPerHour } from "./prices.ts";
import { Services } from "./services.ts";
import { ContainerSession } from "./session.ts";
import type { CloudRunSettings } from "./settings.ts";
import { CloudRunWorker } from "./worker.ts";

const WORKER_USER = 1000;

export interface CloudRunDriverOptions {
  entry: WorkerEntry;
  /** Services are labelled with it, and only those with its label are ever removed. */
  stateFolder: string;
  settings: CloudRunSettings;
}

/** What the instances of one runtime share. */
interface Place {
  admin: CloudRunAdmin;
  services: Services;
}

/** The path of the gateway's bundle, which is in the same folder as the worker's. */
const gatewayOf = ({ command, args }: WorkerEntry): string => {
  const script = args.at(-1) ?? command;
  return join(dirname(script), `cloud-run-gateway${extname(script)}`);
};

/** Instances as containers of a Cloud Run service. Their files are sent; nothing of this machine is mounted. */
export class CloudRunDriver implements Driver {
  readonly runtime = "CloudRun";
  readonly #options: CloudRunDriverOptions;
  readonly #place = new Kept(() => this.#open());
  /** Containers of an earlier runtime are removed once. */
  readonly #sweep = new Kept(async () => (await this.#place.get()).services.removeLeft());

  constructor(options: CloudRunDriverOptions) {
    this.#options = options;
  }

  start(spec: WorkerSpec, signal: AbortSignal, tellWait: TellWait): Promise<RunningWorker> {
    return startUnlessCancelled(() => this.#launch(spec, signal, tellWait), signal);
  }

  async removeOrphans(): Promise<number> {
    try {
      return await this.#sweep.get();
    } catch (error) {
      throw cloudRunError(error);
    }
  }

  async close(): Promise<void> {
    const place = await this.#place.present();
    await place?.services.close();
  }

  async #open(): Promise<Place> {
    const { settings, stateFolder, entry } = this.#options;
    const admins = await openRegions(settings);
    const admin = await chooseRegion(admins, settings);
    const elsewhere = admins.filter((each) => each !== admin);
    const gateway = gatewayOf(entry);
    return { admin, services: new Services({ admin, elsewhere, settings, stateFolder, gateway }) };
  }

  async #launch(spec: WorkerSpec, signal: AbortSignal, tellWait: TellWait): Promise<RunningWorker> {
    const { settings } = this.#options;
    try {
      const place = await this.#place.get();
      await this.#sweep.get();
      const image = spec.image ?? settings.image;
      if (image === null) throw fail("instance_not_started", { reason: "no image is set (cloud_run.image)" });
      const machine = machineFor(spec.limits, settings.files_mb);
      if (machine === null)
        throw fail("instance_not_started", {
          reason: "Cloud Run has no container with so much memory and so many processors",
        });
      const service = await place.services.use(image, machine, tellWait);
      const session = await this.#connect(place, service, signal, tellWait);
      tellWait("its files are on their way to its container");
      try {
        return await this.#bringUp(spec, place, session, { image, machine, service }, signal);
      } catch (error) {
        await session.close("it did not start");
        throw error;
      }
    } catch (error) {
      throw cloudRunError(error);
    }
  }

  async #connect(
    { admin, services }: Place,
    service: Service,
    signal: AbortSignal,
    tellWait: TellWait,
  ): Promise<ContainerSession> {
    tellWait("no container of its service has accepted a connection");
    // The answer to the connection says little. The service may say why it has no container.
    const onAway = async (reason: string): Promise<void> => {
      tellWait(reason);
      const lack = await admin.lackOf(service.name, signal).catch(() => null);
      if (lack !== null) tellWait(`${reason}. ${lack}`);
    };
    try {
      return await ContainerSession.open(admin.door(service.uri ?? ""), signal, onAway);
    } catch (error) {
      if (isMissing(error)) services.forget(service);
      throw error;
    }
  }

  async #bringUp(
    spec: WorkerSpec,
    place: Place,
    session: ContainerSession,
    { image, machine, service }: { image: string; machine: Machine; service: Service },
    signal: AbortSignal,
  ): Promise<RunningWorker> {
    const { entry, settings } = this.#options;
    const program = programFiles(entry);
    const folders = mountFolders([...program, ...spec.readable]);
    session.order({ prepare: { folders, owned: [COPY, COPY_FOLDER, HOME_FOLDER] } });
    const helper = (channel: number, user: number | null, ...args: string[]) =>
      session.run(channel, {
        command: [WORKER_NODE, "-e", ...args],
        environment: { LD_LIBRARY_PATH: WORKER_LIBRARIES },
        ...{ folder: "/", user },
      });
    const overseer = new Overseer(helper(channels.overseer, WORKER_USER, OVERSEER));
    // This program runs as another user than the worker, so that the worker can only read the files.
    const stream = helper(channels.files, null, RECEIVER);
    const files = new Receiver({ stream, what: "container" }).tree(function* (): Generator<TreePart> {
      yield* fileParts(program);
      yield* treeParts(spec.workspace, spec.readable);
    });
    const relay = async (proxy: string): Promise<void> => {
      const { input, output } = helper(channels.relay, WORKER_USER, RELAY, RELAYED_SOCKET);
      await carryEgress({ readable: output, writable: input }, proxy);
    };
    const [reachable] = await Promise.all([
      measureIsolation(overseer, cloudRunRules(settings.allow_reachable)),
      files.sync(signal),
      spec.egress_socket === null ? null : relay(spec.egress_socket),
    ]);
    const environment = remoteEnvironment(spec);
    const worker = session.run(channels.worker, {
      // Commands cannot look into the worker's parent: the gateway runs as another user.
      command: [WORKER_NODE, ...entry.args],
      ...{ environment, folder: COPY, user: WORKER_USER },
    });
    return new CloudRunWorker({
      ...{ session, worker, overseer, environment },
      runtimeId: service.name,
      region: place.admin.region,
      paths: { source: spec.workspace, copy: COPY_FOLDER },
      details: {
        ...{ image, workspace: "sent to Cloud Run", service: service.name, reachable },
        machine: { ...machine },
        estimated_dollars_per_hour: dollarsPerHour(place.admin.region, machine),
      },
      memoryMb: spec.limits.memory_mb,
      remote: {
        refresh: (refreshing) => files.sync(refreshing),
        copyBytes: () => overseer.bytes(COPY_FOLDER),
      },
    });
  }
}
