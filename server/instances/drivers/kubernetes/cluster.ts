import type { KubeConfig } from "@kubernetes/client-node";
import type { RequestOptions } from "node:https";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { apiError } from "./errors.ts";

const ANSWER_MS = 30_000;
const COMES_BACK_MS = 30_000;
/** The cluster that the client assumes if it finds neither a kubeconfig nor a pod's account. */
const MADE_UP = { name: "cluster", server: "http://localhost:8080" };

/** What the client adds to a request to identify its user. */
const Headers = z.record(z.string(), z.string()).catch({});

export interface ApiRequest {
  body?: unknown;
  query?: Readonly<Record<string, string>>;
  contentType?: string;
}

/** An API server that a context of a kubeconfig or a pod's own account leads to. */
export class Cluster {
  readonly namespace: string;
  readonly #config: KubeConfig;
  readonly #server: string;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(config: KubeConfig, namespace: string) {
    this.#config = config;
    this.namespace = namespace;
    this.#server = config.getCurrentCluster()?.server.replace(/\/$/, "") ?? "";
  }

  /** The host of the API server, for records. */
  get host(): string {
    return new URL(this.#server).host;
  }

  /**
   * Whether it was unreachable a moment ago. An API server that has just started accepts requests before it
   * has read the roles, and refuses all of them.
   */
  get isComingBack(): boolean {
    return performance.now() - this.#failedAt < COMES_BACK_MS;
  }

  /** The address of one of its paths, for HTTP or a WebSocket. */
  url(scheme: "http" | "ws", path: string, query: ApiRequest["query"] = {}): URL {
    const url = new URL(this.#server.replace(/^http/, scheme) + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
    return url;
  }

  /** Certificates, and headers that identify the user. A token may have been renewed since the last call. */
  async options(): Promise<RequestOptions> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    return options;
  }

  /** Asks for one object. Errors: `ApiError`, those of the connection, the signal's reason. */
  async ask<T extends z.ZodType>(
    schema: T,
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    request: ApiRequest,
    signal: AbortSignal,
  ): Promise<z.infer<T>> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const response = await this.#send(method, path, request, deadline);
    return schema.parse(JSON.parse(await text(response)));
  }

  /** Follows a list's changes, one JSON value each, until the API server ends it or the signal aborts. */
  async *watch(path: string, query: ApiRequest["query"], signal: AbortSignal): AsyncGenerator {
    const response = await this.#send("GET", path, { query: { ...query, watch: "true" } }, signal);
    for await (const line of createInterface({ input: response })) yield JSON.parse(line);
  }

  async #send(
    method: string,
    path: string,
    { body, query, contentType = "application/json" }: ApiRequest,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const url = this.url("http", path, query);
    const options = await this.options();
    const sent = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
    const headers = {
      ...Headers.parse(options.headers),
      accept: "application/json",
      "content-type": contentType,
      // Node does not send the length of the body of a DELETE by itself.
      "content-length": sent.length,
    };
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send(url, { ...options, method, headers, signal }, resolve);
      request.once("error", (error) => {
        if (!signal.aborted) this.#failedAt = performance.now();
        reject(error);
      });
      request.end(sent);
    });
    const { statusCode = 0 } = response;
    if (statusCode < 300) return response;
    throw apiError(statusCode, await text(response));
  }
}

export interface ClusterChoice {
  /** The context of the kubeconfig; null means its current one, or the pod's own account. */
  context: string | null;
  namespace: string;
}

/**
 * The cluster of `KUBECONFIG`, `~/.kube/config` or this pod's own account. Loads the client only when a
 * cluster is used, because that takes a tenth of a second. Errors: `cluster_unavailable`.
 */
export const openCluster = async ({ context, namespace }: ClusterChoice): Promise<Cluster> => {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  const refuse = (reason: string, hint: string, cause?: unknown): Error =>
    fail("cluster_unavailable", { reason, hint }, { cause });
  try {
    config.loadFromDefault();
  } catch (error) {
    throw refuse("its kubeconfig cannot be read", "Check KUBECONFIG and ~/.kube/config.", error);
  }
  const found = config.getCurrentCluster();
  if (found?.name === MADE_UP.name && found.server === MADE_UP.server)
    throw refuse("there is no kubeconfig", "Create ~/.kube/config, or set KUBECONFIG.");
  if (context !== null) {
    if (!config.getContexts().some(({ name }) => name === context))
      throw refuse(`the kubeconfig has no context ${context}`, "List them with kubectl config get-contexts.");
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null)
    throw refuse("the kubeconfig names no cluster", "Set a current context, or kubernetes.context.");
  return new Cluster(config, namespace);
};
