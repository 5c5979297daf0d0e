import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { z } from "zod";
import { contract, type Method, type MethodInput, type MethodResult } from "../../schemas/contract.ts";
import { CoditectError, fail, WireError } from "../../schemas/errors.ts";
import { RuntimeEvent } from "../../schemas/events.ts";

interface Row {
  result: z.ZodType;
  http: { verb: string; path: string } | null;
}

export interface RestClientOptions {
  /** What the paths of the contract follow. */
  url: string;
  token: string;
  /** Ends everything that is under way. */
  leaving: AbortSignal;
  /** The error for a runtime that does not answer. */
  unreachable: (error: unknown) => CoditectError;
  /** Whether large bodies are sent packed: not worth it on one machine. */
  packs: boolean;
}

/** A message of the stream; `id` is what a later stream can begin after. */
interface StreamMessage {
  id: string | null;
  /** Null: it only tells the id. */
  event: RuntimeEvent | null;
  /** Events were missed, so that lists have to be read again. */
  areLost: boolean;
}

/** Bodies from this size on are packed. */
const PACKED_FROM = 16 * 1024;
const pack = promisify(gzip);

/** The contract over HTTP, as a client. */
export class RestClient {
  readonly #options: RestClientOptions;

  constructor(options: RestClientOptions) {
    this.#options = options;
  }

  /** Errors: those of the method, `cancelled`, and what `unreachable` makes. */
  async call<M extends Method>(
    method: M,
    params: MethodInput<M>,
    signal: AbortSignal,
  ): Promise<MethodResult<M>> {
    const { result }: Row = contract[method];
    // The row's own schema parses it.
    return result.parse(await this.#request(method, params, signal)) as MethodResult<M>;
  }

  /** The stream of events, from now on or after one. Errors: as `call`. */
  async stream(after: string | null, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { url, leaving, unreachable } = this.#options;
    const response = await fetch(`${url}/api/events`, {
      headers: { ...this.#headers, ...(after !== null && { "last-event-id": after }) },
      redirect: "error",
      signal: AbortSignal.any([leaving, signal]),
    }).catch((error: unknown) => {
      throw unreachable(error);
    });
    if (!response.ok || response.body === null) throw await problemOf(response);
    return response.body;
  }

  get #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#options.token}` };
  }

  async #request(method: Method, params: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    const { url, leaving, unreachable } = this.#options;
    const { http }: Row = contract[method];
    if (http === null) throw fail("unknown_method", { method });
    const { path, rest } = fillPath(http.path, params);
    const inQuery = http.verb === "GET" || http.verb === "DELETE";
    const response = await fetch(`${url}${path}${inQuery ? queryOf(rest) : ""}`, {
      method: http.verb,
      redirect: "error",
      ...(inQuery ? { headers: this.#headers } : await this.#body(rest)),
      signal: AbortSignal.any([leaving, signal]),
    }).catch((error: unknown) => {
      if (signal.aborted) throw fail("cancelled", { what: `The call ${method}` }, { cause: error });
      throw unreachable(error);
    });
    if (!response.ok) throw await problemOf(response);
    return response.status === 204 ? {} : await response.json();
  }

  async #body(
    params: Record<string, unknown>,
  ): Promise<{ headers: Record<string, string>; body: string | Uint8Array<ArrayBuffer> }> {
    const text = JSON.stringify(params);
    const headers = { ...this.#headers, "content-type": "application/json" };
    if (!this.#options.packs || text.length < PACKED_FROM) return { headers, body: text };
    return { headers: { ...headers, "content-encoding": "gzip" }, body: new Uint8Array(await pack(text)) };
  }
}

/** Puts params into the places of a path; the rest goes into the query or the body. */
const fillPath = (path: string, params: Record<string, unknown>) => {
  const rest = { ...params };
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest[name]);
    Reflect.deleteProperty(rest, name);
    return encodeURIComponent(value);
  });
  return { path: filled, rest };
};

const queryOf = (params: Record<string, unknown>): string => {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]));
  return query.size === 0 ? "" : `?${query.toString()}`;
};

/** What of a problem (RFC 9457) says which error of the catalogue it is. */
const Problem = WireError.pick({ code: true, data: true });

/** The error of an answer with problem details. */
const problemOf = async (response: Response): Promise<CoditectError> => {
  const problem = Problem.safeParse(await response.json().catch(() => null));
  return problem.success
    ? new CoditectError(problem.data.code, problem.data.data)
    : fail("runtime_answer_unusable", { status: response.status });
};

const fieldOf = (block: string, name: string): string | null =>
  new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1] ?? null;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Reads server-sent events until the stream ends. `alive` is called for whatever comes, comments too. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  alive: () => void = () => undefined,
): AsyncGenerator<StreamMessage, void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    alive();
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [id, data] = [fieldOf(block, "id"), fieldOf(block, "data")];
      const areLost = fieldOf(block, "event") === "events.lost";
      // A server of another version may have events that are unknown here.
      const event = data === null || areLost ? null : (RuntimeEvent.safeParse(parsed(data)).data ?? null);
      yield { id, event, areLost };
    }
  }
}
