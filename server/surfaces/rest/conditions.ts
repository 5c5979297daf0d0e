import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { fail } from "../../../schemas/errors.ts";
import { SerialQueue } from "../../../schemas/serial-queue.ts";

/** The strong validator of an answer's JSON text (RFC 9110, section 8.8.3). */
export const tagOf = (text: string): string => `"${hash("sha256", text, "base64url").slice(0, 27)}"`;

const namesTag = (header: string, tag: string): boolean =>
  header.trim() === "*" || header.split(",").some((each) => each.trim().replace(/^W\//, "") === tag);

/** Whether the caller already has this answer. */
export const isKnown = ({ headers }: IncomingMessage, tag: string): boolean =>
  headers["if-none-match"] !== undefined && namesTag(headers["if-none-match"], tag);

/** Queues changes of one address, so that nothing happens between reading a record and changing it. */
export class Conditions {
  readonly #queues = new Map<string, SerialQueue>();

  /**
   * Does the work if the record at the address still has a tag in `If-Match`. `present` reads the record.
   * Error: `precondition_failed`.
   */
  async change<Result>(
    request: IncomingMessage,
    address: string,
    present: () => Promise<unknown>,
    work: () => Promise<Result>,
  ): Promise<Result> {
    // A request that creates a record, or acts on one, does not replace it.
    if (request.method === "POST" && request.headers["if-match"] === undefined) return work();
    const queue = this.#queues.get(address) ?? new SerialQueue();
    this.#queues.set(address, queue);
    const turn = queue.run(async () => {
      const wanted = request.headers["if-match"];
      if (wanted !== undefined && !namesTag(wanted, tagOf(JSON.stringify(await present()))))
        throw fail("precondition_failed", { path: address });
      return work();
    });
    const last = queue.over;
    void last.then(() => {
      if (queue.over === last) this.#queues.delete(address);
    });
    return turn;
  }
}
