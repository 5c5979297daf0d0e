import { randomBytes } from "node:crypto";
import { z } from "zod";
import { contract, type Method, type MethodInput, type MethodResult } from "../../schemas/contract.ts";
import { CoditectError, fail, WireError } from "../../schemas/errors.ts";
import { RuntimeEvent } from "../../schemas/events.ts";
import type { Endpoint } from "./endpoints.ts";
import { isOwnershipProof, OWNERSHIP_PATH, ownershipProof } from "./ownership.ts";

interface Row {
  result: z.ZodType;
  http: { verb: string; path: string } | null;
}

/** A runtime of another process. */
export interface Attached {
  /** Errors: those of the method, and `runtime_gone` when the process does not answer. */
  call<M extends Method>(method: M, params: MethodInput<M>, signal: AbortSignal): Promise<MethodResult<M>>;
  subscribe(listener: (event: RuntimeEvent) => void): () => void;
  /** Rejects with `runtime_gone` when the process goes away; never resolves. */
  readonly lost: Promise<never>;
  close(): Promise<void>;
}

const PROOF_MILLISECONDS = 5000;
const Proof = z.object({ proof: z.string() });

/**
 * Asks who listens there for a proof that it has the token, which is not sent for it: the owner may be
 * gone, and a program of another user may have its port.
 */
const demandProof = async ({ url, token }: Endpoint): Promise<void> => {
  const challenge = randomBytes(32).toString("base64url");
  const response = await fetch(`${url}${OWNERSHIP_PATH}?challenge=${challenge}`, {
    redirect: "error",
    signal: AbortSignal.timeout(PROOF_MILLISECONDS),
  }).catch((error: unknown) => {
    throw gone(error);
  });
  const answer = Proof.safeParse(await response.json().catch(() => null));
  const expected = ownershipProof(token, challenge, Number(new URL(url).port));
  if (!isOwnershipProof(answer.data?.proof, expected))
    throw gone(new Error("another program listens in its place"));
};

/** A runtime that runs already, over its REST surface, once it has shown that it is that runtime. */
export const attach = async (endpoint: Endpoint): Promise<Attached> => {
  await demandProof(endpoint);
  const { url, token } = endpoint;
  const headers = { authorization: `Bearer ${token}` };
  const leaving = new AbortController();
  let isLost = false;
  const listeners = new Set<(event: RuntimeEvent) => void>();

  const request = async (
    method: Method,
    params: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<unknown> => {
    const { http }: Row = contract[method];
    if (http === null) throw fail("unknown_method", { method });
    const { path, rest } = fillPath(http.path, params);
    const inQuery = http.verb === "GET" || http.verb === "DELETE";
    // Its port may have another owner by now.
    if (isLost) throw gone(new Error("it closed the connection"));
    const response = await fetch(`${url}${path}${inQuery ? queryOf(rest) : ""}`, {
      method: http.verb,
      redirect: "error",
      headers: inQuery ? headers : { ...headers, "content-type": "application/json" },
      ...(!inQuery && { body: JSON.stringify(rest) }),
      signal: AbortSignal.any([leaving.signal, signal]),
    }).catch((error: unknown) => {
      if (signal.aborted) throw fail("cancelled", { what: `The call ${method}` }, { cause: error });
      throw gone(error);
    });
    if (!response.ok) throw await problemOf(response);
    return response.status === 204 ? {} : await response.json();
  };

  const stream = await fetch(`${url}/api/events`, { headers, redirect: "error", signal: leaving.signal });
  if (!stream.ok || stream.body === null) throw await problemOf(stream);
  const lost = readEvents(stream.body, listeners).catch((error: unknown) => {
    isLost = true;
    throw gone(error);
  });
  // It is awaited by those who follow a run; to all others the end of the stream says nothing.
  lost.catch(() => undefined);

  return {
    call: async <M extends Method>(method: M, params: MethodInput<M>, signal: AbortSignal) => {
      const answer = await request(method, params, signal);
      const { result }: Row = contract[method];
      // The row's own schema parsed it.
      return result.parse(answer) as MethodResult<M>;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    lost,
    close: () => {
      leaving.abort();
      return Promise.resolve();
    },
  };
};

const gone = (error: unknown): CoditectError =>
  fail("runtime_gone", { how: error instanceof Error ? error.message : String(error) }, { cause: error });

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

/** Reads server-sent events until the stream ends, which is always an error here. */
const readEvents = async (
  body: ReadableStream<Uint8Array>,
  listeners: ReadonlySet<(event: RuntimeEvent) => void>,
): Promise<never> => {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const event = RuntimeEvent.parse(JSON.parse(data));
      for (const listener of listeners) listener(event);
    }
  }
  throw new Error("it closed the connection");
};
