import { randomBytes } from "node:crypto";
import type { CloudRunAdmin, Service } from "./admin.ts";
import type { Machine } from "./machine.ts";
import { labelsOf, packGateway, serviceOf, stateOf } from "./service.ts";
import type { CloudRunSettings } from "./settings.ts";

const LIST_MS = 60_000;
const DELETE_MS = 60_000;

export interface ServicesOptions {
  admin: CloudRunAdmin;
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
  readonly #made = new Map<string, Promise<Service>>();
  /** Ids of services of this runtime, which are no orphans. */
  readonly #own = new Set<string>();
  readonly #closing = new AbortController();

  constructor(options: ServicesOptions) {
    this.#options = options;
    this.#state = stateOf(options.stateFolder);
  }

  /** The service for such containers. It is created once. Errors: those of the admin API. */
  use(image: string, machine: Machine): Promise<Service> {
    const key = JSON.stringify([image, machine]);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#make(image, machine);
    this.#made.set(key, made);
    // It may succeed the next time.
    made.catch(() => this.#made.delete(key));
    return made;
  }

  /** Call this if somebody else has deleted the service. The next `use` creates it again. */
  forget(service: Service): void {
    for (const [key, made] of this.#made)
      void made.then(
        ({ name }) => name === service.name && this.#made.delete(key),
        () => undefined,
      );
  }

  /** Deletes what earlier runtimes of this state folder left; returns how many. */
  async removeLeft(): Promise<number> {
    const { admin } = this.#options;
    const found = await admin.list(labelsOf(this.#state), AbortSignal.timeout(LIST_MS));
    const left = found.filter(({ name }) => !this.#own.has(idOf(name)));
    await Promise.all(left.map(({ name }) => admin.delete(name, AbortSignal.timeout(DELETE_MS))));
    return left.length;
  }

  /** Deletes all of them. Errors: those of the admin API; what remains is an orphan from then on. */
  async close(): Promise<void> {
    // Nobody needs the services that are being created. They are deleted with the others.
    this.#closing.abort(new Error("the runtime ends"));
    await Promise.allSettled(this.#made.values());
    this.#made.clear();
    if (this.#own.size === 0) return;
    this.#own.clear();
    // This finds services by their labels, because one may exist although its creation failed.
    await this.removeLeft();
  }

  async #make(image: string, machine: Machine): Promise<Service> {
    const { admin, settings, gateway } = this.#options;
    const id = `coditect-${this.#state.slice(0, 16)}-${randomBytes(4).toString("hex")}`;
    this.#own.add(id);
    this.#packed ??= packGateway(gateway);
    const choices = { settings, state: this.#state, image, machine };
    const service = serviceOf({ ...choices, gateway: await this.#packed });
    const deadline = AbortSignal.timeout(settings.start_seconds * 1000);
    return admin.create(id, service, AbortSignal.any([deadline, this.#closing.signal]));
  }
}

const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
