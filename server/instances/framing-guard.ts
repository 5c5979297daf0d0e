import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";

const HEADER_END = Buffer.from("\r\n\r\n");
const LONGEST_HEADER = 4096;

/**
 * Passes LSP frames through unchanged and errors on one that is malformed or longer than `limit`
 * bytes, before it is collected in memory. The message reader behind it has no limit of its own.
 */
export class FramingGuard extends Transform {
  readonly #limit: number;
  #bodyLeft = 0;
  #header: Buffer = Buffer.alloc(0);
  /** Whole frames seen so far. */
  frames = 0;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const problem = this.#scan(chunk);
    if (problem !== null) done(new Error(problem));
    else done(null, chunk);
  }

  #scan(chunk: Buffer): string | null {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, rest.length);
        this.#bodyLeft -= taken;
        rest = rest.subarray(taken);
        continue;
      }
      const before = this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, LONGEST_HEADER + 1)]);
      const end = this.#header.indexOf(HEADER_END);
      if (end === -1) {
        return this.#header.length > LONGEST_HEADER ? "its output is not a message" : null;
      }
      const length = /^content-length: *(\d{1,15})$/im.exec(this.#header.toString("latin1", 0, end))?.[1];
      if (length === undefined) return "its output is not a message";
      if (Number(length) > this.#limit) return `a message of ${length} bytes is over ${this.#limit}`;
      this.#bodyLeft = Number(length);
      this.frames += 1;
      this.#header = Buffer.alloc(0);
      rest = rest.subarray(end + HEADER_END.length - before);
    }
    return null;
  }
}
