import { createHash } from "node:crypto";
import type { StoredReply } from "../../schemas/access.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { errorCatalogue } from "../../schemas/error-catalogue.ts";
import { Json, type Timestamp } from "../../schemas/primitives.ts";
import type { Store } from "../store/store.ts";

/** How long a reply is kept. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Old ones are looked for this often. */
const SWEEP_MS = 60 * 60 * 1000;

const hashOf = (...parts: string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex");

export interface KeyedRequest {
  /** Whose key it is: two callers may choose the same one. */
  owner: string;
  key: string;
  /** What is asked; the same key for something else is refused. */
  request: string;
}

export interface Reply {
  body: unknown;
  isRepeated: boolean;
}

/**
 * Replies to requests with an idempotency key. The start of a request is written to disk before its work
 * begins, so it is done once even if the server is killed in between.
 */
export class Replies {
  readonly #store: Store;
  readonly #now: () => Timestamp;
  readonly #running = new Map<string, { fingerprint: string; body: Promise<unknown> }>();
  #sweptAt = 0;

  constructor(store: Store, now: () => Timestamp) {
    this.#store = store;
    this.#now = now;
  }

  /** Errors: those of the work, `idempotency_key_reused`, `outcome_unknown`. */
  async once({ owner, key, request }: KeyedRequest, work: () => Promise<unknown>): Promise<Reply> {
    const replyId = hashOf(owner, key);
    const fingerprint = hashOf(request);
    const running = this.#running.get(replyId);
    if (running !== undefined) {
      if (running.fingerprint !== fingerprint) throw fail("idempotency_key_reused", {});
      return { body: await running.body, isRepeated: true };
    }
    const kept = this.#store.get("replies", replyId);
    if (kept !== null && !this.#isOld(kept)) return { body: bodyOf(kept, fingerprint), isRepeated: true };
    const body = this.#begin(replyId, fingerprint, work).finally(() => this.#running.delete(replyId));
    this.#running.set(replyId, { fingerprint, body });
    return { body: await body, isRepeated: false };
  }

  async #begin(replyId: string, fingerprint: string, work: () => Promise<unknown>): Promise<unknown> {
    await this.#sweep();
    const begun: StoredReply = {
      reply_id: replyId,
      tenant_id: this.#store.tenantId,
      fingerprint,
      at: this.#now(),
      body: null,
    };
    await this.#keep(begun);
    try {
      const body = await work();
      await this.#keep({ ...begun, body: Json.parse(body) });
      return body;
    } catch (error) {
      // What was refused had no effect, so the caller may correct it. Of the rest nobody knows.
      const isRefusal = error instanceof CoditectError && errorCatalogue[error.code].http < 500;
      if (isRefusal && error.code !== "cancelled")
        await this.#store.commit((transaction) => {
          transaction.remove("replies", replyId);
        });
      throw error;
    }
  }

  #keep(reply: StoredReply): Promise<void> {
    return this.#store.commit((transaction) => {
      transaction.put("replies", reply);
    });
  }

  #isOld({ at }: StoredReply): boolean {
    return Date.parse(at) + KEPT_MS <= Date.parse(this.#now());
  }

  async #sweep(): Promise<void> {
    const now = Date.parse(this.#now());
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    const old = this.#store.all("replies").filter((reply) => this.#isOld(reply));
    if (old.length === 0) return;
    await this.#store.commit((transaction) => {
      for (const { reply_id } of old) transaction.remove("replies", reply_id);
    });
  }
}

const bodyOf = (kept: StoredReply, fingerprint: string): unknown => {
  if (kept.fingerprint !== fingerprint) throw fail("idempotency_key_reused", {});
  if (kept.body === null) throw fail("outcome_unknown", {});
  return kept.body;
};
