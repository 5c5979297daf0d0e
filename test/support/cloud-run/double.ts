import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { dockerEngine } from "../../docker-engine.ts";
import { RunnableService } from "./container.ts";
import type { ServiceContainer } from "./container.ts";
import { DiscoveryDocument } from "./document.ts";
import { ACCESS_TOKEN, Identity, PROJECT } from "./identity.ts";
import { RunningService } from "./service.ts";

export const REGION = "europe-west1";
const PARENT = `projects/${PROJECT}/locations/${REGION}`;
const API = "run.projects.locations.";
/** The limit of an environment variable, according to the published document. */
const LONGEST_VARIABLE = 32_768;

const run = promisify(execFile);

/** Why the double cannot run here; null if it can. */
export const whyNoCloudRunDouble = async (): Promise<string | null> => {
  const missing = await dockerEngine();
  if (missing !== null) return missing;
  if (process.getuid?.() !== 0) return "only root can connect to a container without a network";
  const found = await run("nsenter", ["--version"]).catch(() => null);
  return found === null ? "nsenter is not installed" : null;
};

interface StoredService {
  body: Record<string, unknown>;
  running: RunningService;
}

/**
 * Cloud Run for tests. Its Admin API accepts only requests that the published document allows, and the containers of
 * its services are real.
 */
export class CloudRunDouble {
  readonly identity: Identity;
  /** Each call, as `METHOD path`. */
  readonly calls: string[] = [];
  /** Whether containers of new services reach a metadata server. */
  hasMetadata = false;
  /** Statuses that replace the next answers, in order. */
  readonly failures: number[] = [];
  /** How the next operations go. Null: they succeed. */
  operation: { isDone: boolean; message: string } | null = null;
  /** The answer of new services to each connection. Null: a container serves it. */
  refusal: RunningService["refusal"] = null;
  /** What services say of themselves. */
  conditions: { state: string; message: string }[] = [];
  readonly #document: DiscoveryDocument;
  readonly #server: Server;
  readonly #services = new Map<string, StoredService>();
  readonly #operations = new Map<string, unknown>();

  private constructor(document: DiscoveryDocument, identity: Identity) {
    this.#document = document;
    this.identity = identity;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        refuse(response, 500, "INTERNAL", String(error));
      });
    });
  }

  static async start(): Promise<CloudRunDouble> {
    const [document, identity] = await Promise.all([DiscoveryDocument.load(), Identity.start()]);
    const double = new CloudRunDouble(document, identity);
    double.#server.listen(0, "127.0.0.1");
    await once(double.#server, "listening");
    return double;
  }

  /** Variables that lead Google's library and the driver to this double. */
  get environment(): Record<string, string> {
    // A server that listens on a port has an address of this form.
    const { port } = this.#server.address() as AddressInfo;
    return { ...this.identity.environment, CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: `http://127.0.0.1:${port}/` };
  }

  /** The full names of all services. */
  get services(): string[] {
    return [...this.#services.keys()];
  }

  /** The body of the request that created a service. */
  bodyOf(name: string): Record<string, unknown> {
    return this.#services.get(name)?.body ?? {};
  }

  get running(): RunningService[] {
    return [...this.#services.values()].map(({ running }) => running);
  }

  get containers(): ServiceContainer[] {
    return this.running.flatMap(({ containers }) => containers);
  }

  /** Resolves when there are this many containers. */
  async settled(count: number): Promise<void> {
    while (this.containers.length !== count) await sleep(10);
  }

  breakConnections(): void {
    for (const service of this.running) service.breakConnections();
  }

  async close(): Promise<void> {
    await Promise.all(this.running.map((service) => service.close()));
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
    await this.identity.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://double");
    const verb = request.method ?? "";
    this.calls.push(`${verb} ${url.pathname}`);
    const said = await text(request);
    const failure = this.failures.shift();
    if (failure !== undefined) {
      refuse(response, failure, "UNAVAILABLE", "try again");
      return;
    }
    if (request.headers.authorization !== `Bearer ${ACCESS_TOKEN}`) {
      refuse(response, 401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
      return;
    }
    const call = this.#document.callOf(verb, url);
    if (typeof call === "string") {
      refuse(response, 404, "NOT_FOUND", call);
      return;
    }
    const body: unknown = said === "" ? null : JSON.parse(said);
    const fault = this.#document.faultOf(call.method, body);
    if (fault !== null) {
      refuse(response, 400, "INVALID_ARGUMENT", fault);
      return;
    }
    const { name = "", parent = "", serviceId = "" } = call.parameters;
    switch (call.method.slice(API.length)) {
      case "services.create":
        await this.#create(parent, serviceId, z.record(z.string(), z.unknown()).parse(body), response);
        return;
      case "services.get":
        this.#send(response, name, this.#shown(name));
        return;
      case "services.list":
        send(response, 200, {
          services: parent === PARENT ? this.services.map((each) => this.#shown(each)) : [],
        });
        return;
      case "services.delete":
        await this.#delete(name, response);
        return;
      case "operations.wait":
      case "operations.get":
        this.#send(response, name, this.#operations.get(name));
        return;
      default:
        refuse(response, 501, "UNIMPLEMENTED", call.method);
    }
  }

  async #create(
    parent: string,
    id: string,
    body: Record<string, unknown>,
    response: ServerResponse,
  ): Promise<void> {
    const name = `${parent}/services/${id}`;
    if (parent !== PARENT) {
      refuse(response, 404, "NOT_FOUND", `Location ${parent} is not found`);
    } else if (!/^[a-z][a-z0-9-]{0,47}[a-z0-9]$/.test(id)) {
      refuse(response, 400, "INVALID_ARGUMENT", `${id} is no name of a service`);
    } else if (variablesOf(body).some(({ value }) => value.length > LONGEST_VARIABLE)) {
      refuse(response, 400, "INVALID_ARGUMENT", "a variable is too long");
    } else if (this.#services.has(name)) {
      refuse(response, 409, "ALREADY_EXISTS", `Resource '${id}' already exists.`);
    } else {
      const running = await RunningService.start(body, this.identity, this.hasMetadata);
      running.refusal = this.refusal;
      this.#services.set(name, { body, running });
      this.#begin(response, parent, this.#shown(name));
    }
  }

  async #delete(name: string, response: ServerResponse): Promise<void> {
    const found = this.#services.get(name);
    if (found === undefined) {
      refuse(response, 404, "NOT_FOUND", `Resource '${name}' was not found`);
      return;
    }
    this.#services.delete(name);
    await found.running.close();
    this.#begin(response, PARENT, {});
  }

  /** Answers with a running operation, which is done when the client asks for it. */
  #begin(response: ServerResponse, parent: string, result: unknown): void {
    const name = `${parent}/operations/${randomUUID()}`;
    const { operation } = this;
    if (operation === null) this.#operations.set(name, { name, done: true, response: result });
    else if (operation.isDone)
      this.#operations.set(name, { name, done: true, error: { code: 9, message: operation.message } });
    else {
      const conditions = [{ type: "Ready", state: "CONDITION_RECONCILING", message: operation.message }];
      this.#operations.set(name, { name, done: false, metadata: { conditions } });
    }
    send(response, 200, { name, done: false });
  }

  #shown(name: string): unknown {
    const found = this.#services.get(name);
    return found === undefined
      ? undefined
      : { ...found.body, name, uri: found.running.uri, conditions: this.conditions };
  }

  #send(response: ServerResponse, name: string, found: unknown): void {
    if (found === undefined) refuse(response, 404, "NOT_FOUND", `Resource '${name}' was not found`);
    else send(response, 200, found);
  }
}

const variablesOf = (body: unknown): { value: string }[] =>
  RunnableService.parse(body).template.containers.flatMap(({ env }) => env);

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};

const refuse = (response: ServerResponse, code: number, status: string, message: string): void => {
  send(response, code, { error: { code, message, status } });
};
