import type { GoogleAuth } from "google-auth-library";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { untilAborted } from "../../../../schemas/abortable.ts";
import { fail } from "../../../../schemas/errors.ts";
import type { TellWait } from "../driver.ts";
import { lackOf } from "./conditions.ts";
import { CloudRunError, isAway, isConflict, isMissing, refusalOf } from "./errors.ts";
import type { ServiceDoor } from "./session.ts";

const ORIGIN = "https://run.googleapis.com";
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const ANSWER_MS = 45_000;
/** How long Cloud Run delays an answer while an operation is in progress. */
const WAIT = "30s";

/** The fields of a service that are read; the API sends many more. */
const Service = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  uri: z.string().optional(),
});
export type Service = z.infer<typeof Service>;

const Operation = z.object({
  name: z.string(),
  done: z.boolean().default(false),
  error: z.object({ message: z.string().default("") }).optional(),
  /** The service as it is now. */
  metadata: z.unknown().optional(),
  response: z.unknown().optional(),
});
const List = z.object({ services: z.array(Service).default([]), nextPageToken: z.string().optional() });

/** What Google's library finds out. It asks commands and the metadata server, and may wait for them without end. */
const inTime = <Value>(asked: Promise<Value>, signal: AbortSignal): Promise<Value> =>
  untilAborted(asked, signal, () => new DOMException("no answer came in time", "TimeoutError"));

export interface AdminChoice {
  /** Null: the project of the credentials. */
  project: string | null;
  region: string;
  /** How long an answer may take; left out: longer than Cloud Run delays one. */
  answerMilliseconds?: number;
}

/**
 * The Cloud Run Admin API v2 for one project and region. It is called over REST: Google's own client
 * brings gRPC and ten times as much code for the five methods that are needed.
 */
export class CloudRunAdmin {
  readonly region: string;
  readonly #auth: GoogleAuth;
  readonly #origin: string;
  /** `projects/P/locations/R` */
  readonly #parent: string;
  readonly #answerMs: number;

  private constructor(
    auth: GoogleAuth,
    origin: string,
    place: { project: string; region: string },
    answerMs: number,
  ) {
    this.region = place.region;
    this.#answerMs = answerMs;
    this.#auth = auth;
    this.#origin = origin;
    this.#parent = `projects/${place.project}/locations/${place.region}`;
  }

  /**
   * Uses Google's application default credentials. `CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN` names another address
   * of the API, as for gcloud. Errors: `cloud_run_unavailable`.
   */
  static async open(choice: AdminChoice): Promise<CloudRunAdmin> {
    const { project, region, answerMilliseconds = ANSWER_MS } = choice;
    // Loaded when it is used: most runs need no cloud.
    const { default: google } = await import("google-auth-library");
    const auth = new google.GoogleAuth({ scopes: [SCOPE], ...(project !== null && { projectId: project }) });
    const named =
      project ??
      (await inTime(auth.getProjectId(), AbortSignal.timeout(answerMilliseconds)).catch((error: unknown) => {
        const hint = "Run gcloud auth application-default login, or set cloud_run.project.";
        throw fail("cloud_run_unavailable", { reason: "no project is known", hint }, { cause: error });
      }));
    const { CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: other = "" } = process.env;
    const origin = (other === "" ? ORIGIN : other).replace(/\/$/, "");
    return new CloudRunAdmin(auth, origin, { project: named, region }, answerMilliseconds);
  }

  /**
   * Creates a service and waits until it is ready. Errors: `CloudRunError`, those of the connection.
   *
   * @param tellWait called with what the service lacks.
   */
  async create(id: string, service: object, signal: AbortSignal, tellWait: TellWait): Promise<Service> {
    const query = `?serviceId=${encodeURIComponent(id)}`;
    const path = `${this.#parent}/services`;
    const done = await this.#patiently(signal, () =>
      this.#ask(Operation, "POST", path + query, signal, service),
    )
      .then((operation) => this.#finished(operation, signal, tellWait))
      .catch((error: unknown) => {
        // The answer was lost. Nobody else creates a service with this name.
        if (!isConflict(error)) throw error;
      });
    const made = Service.safeParse(done).data;
    return made?.uri === undefined ? await this.#ready(`${path}/${id}`, signal) : made;
  }

  /** Deletes a service with its containers; does nothing if it no longer exists. */
  async delete(name: string, signal: AbortSignal): Promise<void> {
    try {
      const operation = await this.#patiently(signal, () => this.#ask(Operation, "DELETE", name, signal));
      await this.#finished(operation, signal);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** What a service lacks to be ready, in the words of Cloud Run; null: Cloud Run names nothing. */
  async lackOf(name: string, signal: AbortSignal): Promise<string | null> {
    return lackOf(await this.#ask(z.unknown(), "GET", name, signal));
  }

  /** Every service of the region with these labels. */
  async list(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Service[]> {
    const found: Service[] = [];
    let page = "";
    do {
      const query = page === "" ? "" : `?pageToken=${encodeURIComponent(page)}`;
      const path = `${this.#parent}/services${query}`;
      const { services, nextPageToken = "" } = await this.#patiently(signal, () =>
        this.#ask(List, "GET", path, signal),
      );
      found.push(...services);
      page = nextPageToken;
    } while (page !== "");
    return found.filter((service) =>
      Object.entries(labels).every(([label, value]) => service.labels[label] === value),
    );
  }

  /** Access to a service, with ID tokens for its address. */
  door(uri: string): ServiceDoor {
    return {
      uri,
      token: async () => {
        try {
          const asked = this.#auth.getIdTokenClient(uri).then((client) => client.getRequestHeaders(uri));
          const headers = await inTime(asked, AbortSignal.timeout(this.#answerMs));
          return (headers.get("authorization") ?? "").replace(/^Bearer /, "");
        } catch (error) {
          const reason = "the credentials of this machine give no ID token";
          const hint =
            "Use a service account: gcloud auth application-default login --impersonate-service-account=ACCOUNT.";
          throw fail("cloud_run_unavailable", { reason, hint }, { cause: error });
        }
      },
    };
  }

  /** A service with the address at which it answers. */
  async #ready(path: string, signal: AbortSignal): Promise<Service> {
    const service = await this.#ask(Service, "GET", path, signal);
    if (service.uri === undefined) throw new CloudRunError(0, "its service has no address");
    return service;
  }

  async #finished(
    operation: z.infer<typeof Operation>,
    signal: AbortSignal,
    tellWait: TellWait = () => undefined,
  ): Promise<unknown> {
    let latest = operation;
    // An answer that comes too early is not final.
    for (let pause = 100; !latest.done; pause = Math.min(2000, pause * 2)) {
      const lack = lackOf(latest.metadata);
      if (lack !== null) tellWait(lack);
      await sleep(pause, null, { signal, ref: false });
      latest = await this.#patiently(signal, () =>
        this.#ask(Operation, "POST", `${operation.name}:wait`, signal, { timeout: WAIT }),
      );
    }
    if (latest.error !== undefined) throw new CloudRunError(0, latest.error.message);
    return latest.response;
  }

  /** Tries again while the API is unreachable or busy; the user's deadline ends that. */
  async #patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let pause = 500; ; pause = Math.min(8000, pause * 2)) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || !isAway(error)) throw error;
        await sleep(pause, null, { signal, ref: false });
      }
    }
  }

  async #ask<T extends z.ZodType>(
    schema: T,
    method: "GET" | "POST" | "DELETE",
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<z.infer<T>> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(this.#answerMs)]);
    const headers = await inTime(this.#auth.getRequestHeaders(), limited);
    if (body !== undefined) headers.set("content-type", "application/json");
    const response = await fetch(`${this.#origin}/v2/${path}`, {
      method,
      headers,
      signal: limited,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      // The reason of a failed fetch is its cause.
      throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
    });
    const said: unknown = await response.json().catch(() => null);
    if (!response.ok) throw refusalOf(response.status, said);
    return schema.parse(said);
  }
}
