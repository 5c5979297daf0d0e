import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Method, MethodInput, MethodResult } from "../../schemas/contract.ts";
import { type CoditectError, fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Endpoint } from "./endpoints.ts";
import { isOwnershipProof, OWNERSHIP_PATH, ownershipProof } from "./ownership.ts";
import { readEvents, RestClient } from "./rest-client.ts";

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
  const leaving = new AbortController();
  const client = new RestClient({ ...endpoint, leaving: leaving.signal, unreachable: gone, packs: false });
  let isLost = false;
  const listeners = new Set<(event: RuntimeEvent) => void>();

  const stream = await client.stream(null, leaving.signal);
  const lost = follow(stream, listeners).catch((error: unknown) => {
    isLost = true;
    throw gone(error);
  });
  // It is awaited by those who follow a run; to all others the end of the stream says nothing.
  lost.catch(() => undefined);

  return {
    call: (method, params, signal) =>
      // Its port may have another owner by now.
      isLost ? Promise.reject(gone(closedByOwner())) : client.call(method, params, signal),
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

const closedByOwner = () => new Error("it closed the connection");

/** Tells the listeners of events until the stream ends, which is always an error here. */
const follow = async (
  stream: ReadableStream<Uint8Array>,
  listeners: ReadonlySet<(event: RuntimeEvent) => void>,
): Promise<never> => {
  for await (const { event } of readEvents(stream))
    if (event !== null) for (const listener of listeners) listener(event);
  throw closedByOwner();
};
