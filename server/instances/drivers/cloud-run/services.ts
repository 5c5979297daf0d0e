import { randomBytes } from "node:crypto";
import { fail } from "../../../../schemas/errors.ts";
import type { TellWait } from "../driver.ts";
import type { CloudRunAdmin, Service } from "./admin.ts";
import type { Machine } from "./machine.ts";
import { labelsOf, packGateway, serviceOf, stateOf } from "./service.ts";
import type { CloudRunSettings } from "./settings.ts";

/** A service that exists or is being created. */
interface Made {
  service: Promise<Service>;
  /** What it waits for while it is being created. */
  waitsFor: string | null;
  /** The starts that wait for it. */
  tells: Set<TellWait>;
}

const LIST_MS = 60_000;
const DELETE_MS = 60_000;
/** How long other regions have to name their services. */
const ELSEWHERE_MS = 5000;

export interface ServicesOptions {
  admin: CloudRunAdmin;
  /** Other regions of the settings. An earlier runtime may have left services there. */
  elsewhere: readonly CloudRunAdmin[];
  settings: CloudRunSettings;
  stateFolder: string;
  /** Path of the gateway's bundle. */
  gateway: string;
}

/**
 * The services of one runtime, one for each image and size of container. They are created when first
 * used. They remain until `close`, because a service without containers costs nothing.
 */
export class Services {
  readonly #options: ServicesOptions;
  readonly #state: string;
  #packed: Promise<string> | undefined;
  readonly #made = new Map<string, Made>();
  /** Ids of services of this runtime, which are no orphans. */
  readonly #own = new Set<string>();
  readonly #closing = new AbortController();

  constructor(options: ServicesOptions) {
    this.#options = options;
    this.#state = stateOf(options.stateFolder);
  }

  /**
   * The service for such containers. It is created once. Errors: those of the admin API, and `instance_late`.
   *
   * @param tellWait called with what the service waits for while it is being created.
   */
  async use(image: string, machine: Machine, tellWait: TellWait): Promise<Service> {
    const key = JSON.stringify([image, machine]);
    const made = this.#made.get(key) ?? this.#begin(key, image, machine);
    made.tells.add(tellWait);
    tellWait(made.waitsFor);
    try {
      return await made.service;
    } finally {
      made.tells.delete(tellWait);
    }
  }

  /** Call this if somebody else has deleted the service. The next `use` creates it again. */
  forget(service: Service): void {
    for (const [key, made] of this.#made)
      void made.service.then(
        ({ name }) => name === service.name && this.#made.delete(key),
        () => undefined,
      );
  }

  /**
   * Deletes what earlier runtimes of this state folder left; returns how many. If a region where no instances will run
   * does not answer, its services stay until a later start.
   */
  async removeLeft(): Promise<number> {
    const { admin, elsewhere } = this.#options;
    const others = elsewhere.map((each) => this.#removeFrom(each, ELSEWHERE_MS).catch(() => 0));
    const removed = await Promise.all([this.#removeFrom(admin, LIST_MS), ...others]);
    return removed.reduce((sum, count) => sum + count, 0);
  }

  /** Deletes all of them. Errors: those of the admin API; what remains is an orphan from then on. */
  async close(): Promise<void> {
    // Nobody needs the services that are being created. They are deleted with the others.
    this.#closing.abort(new Error("the runtime ends"));
    await Promise.allSettled([...this.#made.values()].map(({ service }) => service));
    this.#made.clear();
    if (this.#own.size === 0) return;
    this.#own.clear();
    // This finds services by their labels, because one may exist although its creation failed.
    await this.#removeFrom(this.#options.admin, LIST_MS);
  }

  async #removeFrom(admin: CloudRunAdmin, listMs: number): Promise<number> {
    const found = await admin.list(labelsOf(this.#state), AbortSignal.timeout(listMs));
    const left = found.filter(({ name }) => !this.#own.has(idOf(name)));
    await Promise.all(left.map(({ name }) => admin.delete(name, AbortSignal.timeout(DELETE_MS))));
    return left.length;
  }

  #begin(key: string, image: string, machine: Machine): Made {
    const tells = new Set<TellWait>();
    const tell = (waitsFor: string | null): void => {
      made.waitsFor = waitsFor;
      for (const each of tells) each(waitsFor);
    };
    const waitsFor = "Cloud Run has not finished its service";
    const made: Made = { tells, waitsFor, service: this.#make(image, machine, tell, () => made.waitsFor) };
    this.#made.set(key, made);
    made.service.then(
      () => {
        tell(null);
      },
      // It may succeed the next time.
      () => this.#made.delete(key),
    );
    return made;
  }

  async #make(
    image: string,
    machine: Machine,
    tell: TellWait,
    waitsFor: () => string | null,
  ): Promise<Service> {
    const { admin, settings, gateway } = this.#options;
    const id = `coditect-${this.#state.slice(0, 16)}-${randomBytes(4).toString("hex")}`;
    this.#own.add(id);
    this.#packed ??= packGateway(gateway);
    const choices = { settings, state: this.#state, image, machine };
    const service = serviceOf({ ...choices, gateway: await this.#packed });
    const seconds = settings.start_seconds;
    const deadline = AbortSignal.timeout(seconds * 1000);
    const either = AbortSignal.any([deadline, this.#closing.signal]);
    return admin.create(id, service, either, tell).catch((error: unknown) => {
      const reason = waitsFor();
      throw deadline.aborted && reason !== null ? fail("instance_late", { seconds, reason }) : error;
    });
  }
}

const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
