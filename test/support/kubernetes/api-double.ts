import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { WebSocketServer } from "ws";
import { z } from "zod";
import { Cluster } from "../../../server/instances/drivers/kubernetes/cluster.ts";
import { SANDBOX_API } from "../../../server/instances/drivers/kubernetes/sandbox.ts";
import { probeSandbox } from "../../../server/instances/drivers/local/confinement.ts";
import { carry } from "./channels.ts";
import { Kubelet, RunnablePod } from "./kubelet.ts";
import type { RunningContainer } from "./kubelet.ts";
import { Objects, StoredObject } from "./objects.ts";
import { loadValidator } from "./validate.ts";
import type { Validate } from "./validate.ts";

const run = promisify(execFile);
const TOKEN = "a-token-of-the-double";
const NAMESPACE = "coditect";

/** Matches `/api/v1/namespaces/NS/pods/NAME/attach`, also with a group or without a namespace. */
const PATH =
  /^\/(?:api|apis\/([^/]+))\/v1(?:beta1)?\/(?:namespaces\/([^/]+)\/)?([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/;

interface Target {
  collection: string;
  resource: string;
  name: string | null;
  sub: string | null;
}

const targetOf = (path: string): Target | null => {
  const match = PATH.exec(path);
  if (match === null) return null;
  const [, group = "", namespace = "", resource = "", name, sub] = match;
  return { collection: `${group}/${namespace}/${resource}`, resource, name: name ?? null, sub: sub ?? null };
};

const PODS = `/${NAMESPACE}/pods`;

export interface DoubleOptions {
  /** Whether it supports `v5.channel.k8s.io`, as API servers since 1.29 do, and not only version 4. */
  hasVersion5?: boolean;
  /** Whether pods share this machine's network, as in a cluster that does not enforce policies. */
  sharesNetwork?: boolean;
  /** Whether it knows the kinds of agent-sandbox. */
  hasSandboxes?: boolean;
  /** The status that it reports of each pod instead of running it. */
  pending?: object | null;
  /** The message with which a quota or policy refuses pods. */
  refusesPods?: string | null;
}

/** Why the double cannot run here; null if it can. */
export const whyNoKubernetesDouble = async (): Promise<string | null> => {
  const sandbox = await probeSandbox();
  if ("unavailable" in sandbox) return sandbox.unavailable;
  const found = await run("nsenter", ["--version"]).catch(() => null);
  return found === null ? "nsenter is not installed" : null;
};

/**
 * An API server for tests. HTTPS, watches, WebSockets and the processes of its pods are real. It accepts only objects
 * that the published document of the API allows.
 */
export class KubernetesDouble {
  readonly objects = new Objects();
  readonly kubelet = new Kubelet();
  /** Each request, as `METHOD path`. */
  readonly requests: string[] = [];
  readonly #options: Required<DoubleOptions>;
  readonly #validate: Validate;
  readonly #folder: string;
  #server: Server | null = null;
  #port = 0;
  readonly #sockets = new Set<Duplex>();

  private constructor(options: Required<DoubleOptions>, validate: Validate, folder: string) {
    this.#options = options;
    this.#validate = validate;
    this.#folder = folder;
  }

  static async start(options: DoubleOptions = {}): Promise<KubernetesDouble> {
    const folder = await mkdtemp(join(tmpdir(), "coditect-kubernetes-"));
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"];
    const certificate = ["-out", "cert.pem", "-days", "2", "-subj", "/CN=double"];
    const name = ["-addext", "subjectAltName=IP:127.0.0.1"];
    await run("openssl", ["req", "-x509", ...key, ...certificate, ...name], { cwd: folder, timeout: 10_000 });
    const all = {
      hasVersion5: true,
      sharesNetwork: false,
      hasSandboxes: false,
      pending: null,
      refusesPods: null,
      ...options,
    };
    const double = new KubernetesDouble(all, await loadValidator(), folder);
    await double.listen();
    return double;
  }

  /** Writes a kubeconfig for this server. Returns its path. */
  async writeKubeconfig(): Promise<string> {
    const path = join(this.#folder, "kubeconfig");
    await writeFile(path, (await this.#config()).exportConfig());
    return path;
  }

  /** A client of this server. */
  async cluster(): Promise<Cluster> {
    return new Cluster(await this.#config(), NAMESPACE);
  }

  async #config(): Promise<KubeConfig> {
    const ca = await readFile(join(this.#folder, "cert.pem"));
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      {
        name: "double",
        server: `https://127.0.0.1:${this.#port}`,
        caData: ca.toString("base64"),
        skipTLSVerify: false,
      },
      { name: "user", token: TOKEN },
    );
    return config;
  }

  /** Listens, after a restart on the same port as before. */
  async listen(): Promise<void> {
    const [key, cert] = await Promise.all(
      ["key.pem", "cert.pem"].map((name) => readFile(join(this.#folder, name))),
    );
    const server = createServer({ key, cert }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        refuse(response, 500, "InternalError", String(error));
      });
    });
    server.on("connection", (socket: Duplex) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    const upgrades = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) =>
        ["v5.channel.k8s.io", "v4.channel.k8s.io"].find(
          (one) => offered.has(one) && (this.#options.hasVersion5 || !one.startsWith("v5")),
        ) ?? false,
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const streams = this.#streamsOf(request);
      if (streams === null) {
        socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
        return;
      }
      upgrades.handleUpgrade(request, socket, head, (websocket) => {
        carry(websocket, streams.container, streams.command);
      });
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    // A server that listens on a port has an address of this form.
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends the server and every stream, as in a restart of the API server. Pods continue to run. */
  async vanish(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== null) await new Promise((closed) => server.close(closed));
  }

  async close(): Promise<void> {
    await this.vanish();
    await this.kubelet.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The names of all pods. */
  pods(): string[] {
    return this.objects.list(PODS, null).map(({ metadata }) => metadata.name);
  }

  /** Sets the status that a node or the control plane reports of a pod, and then ends its processes. */
  async takeAway(name: string, status: object): Promise<void> {
    const pod = this.objects.get(PODS, name);
    if (pod !== null)
      this.objects.put(PODS, { ...pod, status: { ...z.looseObject({}).parse(pod.status), ...status } });
    await this.kubelet.end(name);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "https://double");
    this.requests.push(`${request.method ?? ""} ${url.pathname}`);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      refuse(response, 401, "Unauthorized", "Unauthorized");
      return;
    }
    if (this.#options.hasSandboxes && url.pathname === `/apis/${SANDBOX_API}`) {
      send(response, 200, { kind: "APIResourceList", apiVersion: "v1", groupVersion: SANDBOX_API });
      return;
    }
    const target = targetOf(url.pathname);
    if (target === null || (url.pathname.startsWith(`/apis/${SANDBOX_API}`) && !this.#options.hasSandboxes)) {
      refuse(response, 404, "NotFound", "the server could not find the requested resource");
      return;
    }
    const body = request.method === "GET" ? null : await json(request);
    if (body !== null) {
      const fault = this.#validate(body);
      if (fault !== null) {
        refuse(response, 422, "Invalid", fault);
        return;
      }
    }
    if (target.resource === "selfsubjectaccessreviews") {
      send(response, 201, { status: { allowed: true } });
      return;
    }
    if (request.method === "GET" && url.searchParams.get("watch") === "true")
      this.#watch(target, url, response);
    else if (request.method === "GET") this.#read(target, url, response);
    else if (request.method === "POST") this.#create(target, StoredObject.parse(body), response);
    else if (request.method === "PUT") this.#replace(target, StoredObject.parse(body), response);
    else if (request.method === "DELETE") this.#remove(target, response);
    else refuse(response, 405, "MethodNotAllowed", "not here");
  }

  #read({ collection, name }: Target, url: URL, response: ServerResponse): void {
    if (name !== null) {
      const found = this.objects.get(collection, name);
      if (found === null) refuse(response, 404, "NotFound", `"${name}" not found`);
      else send(response, 200, found);
      return;
    }
    const items = this.objects.list(collection, url.searchParams.get("labelSelector"));
    send(response, 200, {
      kind: "List",
      apiVersion: "v1",
      metadata: { resourceVersion: this.objects.version },
      items,
    });
  }

  #watch({ collection }: Target, url: URL, response: ServerResponse): void {
    const selector = url.searchParams.get("labelSelector");
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const since = Number(url.searchParams.get("resourceVersion") ?? 0);
    for (const object of this.objects.list(collection, selector)) {
      if (Number(object.metadata.resourceVersion) > since)
        response.write(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
    }
    const stop = this.objects.follow((change) => {
      const labels = change.object.metadata.labels ?? {};
      const isWanted = (selector ?? "").split(",").every((term) => {
        const [label = "", value] = term.split("=");
        return labels[label] === value;
      });
      if (change.collection === collection && isWanted)
        response.write(`${JSON.stringify({ type: change.type, object: change.object })}\n`);
    });
    response.once("close", stop);
  }

  #create({ collection, resource }: Target, object: StoredObject, response: ServerResponse): void {
    const { name } = object.metadata;
    if (this.objects.get(collection, name) !== null) {
      refuse(response, 409, "AlreadyExists", `${resource} "${name}" already exists`);
      return;
    }
    const { pending, refusesPods } = this.#options;
    if (collection === PODS && refusesPods !== null) {
      refuse(response, 403, "Forbidden", `pods "${name}" is forbidden: ${refusesPods}`);
      return;
    }
    const status = resource === "pods" ? { status: { phase: "Pending", ...pending } } : {};
    const stored = this.objects.put(collection, { ...object, ...status });
    send(response, 201, stored);
    if (collection !== PODS || pending !== null) return;
    const placed = { ...z.looseObject({}).parse(stored.spec), nodeName: "node" };
    void this.#runPod(RunnablePod.parse(this.objects.put(PODS, { ...stored, spec: placed })));
  }

  #replace({ collection, name }: Target, object: StoredObject, response: ServerResponse): void {
    const found = this.objects.get(collection, name ?? "");
    const { resourceVersion } = object.metadata;
    if (found === null) refuse(response, 404, "NotFound", `"${name ?? ""}" not found`);
    else if (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
      refuse(response, 409, "Conflict", "the object has been modified");
    else send(response, 200, this.objects.put(collection, object));
  }

  #remove({ collection, name }: Target, response: ServerResponse): void {
    const found = this.objects.get(collection, name ?? "");
    if (found === null || name === null) {
      refuse(response, 404, "NotFound", `"${name ?? ""}" not found`);
      return;
    }
    send(response, 200, found);
    void this.kubelet.end(name).then(() => {
      this.objects.remove(collection, name);
    });
  }

  async #runPod(pod: RunnablePod): Promise<void> {
    const containers = await this.kubelet.run(pod, this.#options.sharesNetwork);
    const { name, uid } = pod.metadata;
    const ended = new Map<string, number>();
    const tell = (): void => {
      const stored = this.objects.get(PODS, name);
      if (stored?.metadata.uid !== uid) return;
      const before = z.looseObject({ phase: z.string() }).parse(stored.status);
      const containerStatuses = containers.map((one) => statusOf(one.name, ended.get(one.name)));
      const isOver = ended.size === containers.length;
      const worst = Math.max(...ended.values(), 0);
      const phase = isOver ? (worst === 0 ? "Succeeded" : "Failed") : "Running";
      const isTaken = before.phase === "Failed";
      this.objects.put(PODS, {
        ...stored,
        status: { ...before, phase: isTaken ? "Failed" : phase, podIP: "10.0.0.1", containerStatuses },
      });
    };
    tell();
    for (const container of containers) {
      void container.ended.then((code) => {
        ended.set(container.name, code);
        tell();
      });
    }
  }

  #streamsOf(request: IncomingMessage): { container: RunningContainer; command: string[] | null } | null {
    const url = new URL(request.url ?? "/", "https://double");
    this.requests.push(`GET ${url.pathname}`);
    const target = targetOf(url.pathname);
    if (target?.resource !== "pods" || request.headers.authorization !== `Bearer ${TOKEN}`) return null;
    const container = this.kubelet.container(target.name ?? "", url.searchParams.get("container") ?? "");
    if (container === undefined) return null;
    return { container, command: target.sub === "exec" ? url.searchParams.getAll("command") : null };
  }
}

const statusOf = (name: string, code: number | undefined): object => ({
  ...{ name, ready: code === undefined, restartCount: 0, image: "", imageID: "" },
  state:
    code === undefined
      ? { running: { startedAt: new Date().toISOString() } }
      : { terminated: { exitCode: code, reason: code === 0 ? "Completed" : "Error" } },
});

const send = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};

const refuse = (response: ServerResponse, code: number, reason: string, message: string): void => {
  send(response, code, { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message });
};
