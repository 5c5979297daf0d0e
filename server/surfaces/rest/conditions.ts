import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { fail } from "../../../schemas/errors.ts";
import { SerialQueue } from "../../../schemas/serial-queue.ts";

/** The strong validator of an answer's JSON text (RFC 9110, section 8.8.3). */
export const tagOf = (text: string): string => `"${hash("sha256", text, "base64url").slice(0, 27)}"`;

const namesTag = (header: string, tag: string): boolean =>
  header.trim() === "*" || header.split(",").some((each) => each.trim().replace(/^W\//, "") === tag);

/** Whether the caller has this answer already. */
export const isKnown = ({ headers }: IncomingMessage, tag: string): boolean =>
  headers["if-none-match"] !== undefined && namesTag(headers["if-none-match"], tag);

/**
 * Changes of one address, one after the other, so that nothing comes between the look at a record and
 * its change.
 */
export class Conditions {
  readonly #queues = new Map<string, SerialQueue>();

  /**
   * Does the work if the record at the address still has a tag of `If-Match`. `present` reads what is at
   * the address. Error: `precondition_failed`.
   */
  async change<Result>(
    request: IncomingMessage,
    address: string,
    present: () => Promise<unknown>,
    work: () => Promise<Result>,
  ): Promise<Result> {
    // What makes a record, or acts on one, does not replace it.
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
