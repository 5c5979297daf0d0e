import { Transform } from "node:stream";
import type { TransformCallback } from "node:stream";

const HEADER = 8;
const STANDARD_ERROR = 2;
const KEPT_LOG = 8 * 1024;

/**
 * Separates the stream of an attached container. It passes standard output on and keeps the end of standard
 * error. Each piece starts with eight bytes: the stream, three zeros and the length.
 */
export class Demultiplexer extends Transform {
  #header: Buffer = Buffer.alloc(0);
  #left = 0;
  #isError = false;
  lastWords = "";

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left === 0) {
        const missing = HEADER - this.#header.length;
        this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (this.#header.length < HEADER) break;
        this.#isError = this.#header[0] === STANDARD_ERROR;
        this.#left = this.#header.readUInt32BE(4);
        this.#header = Buffer.alloc(0);
        continue;
      }
      const piece = rest.subarray(0, this.#left);
      this.#left -= piece.length;
      rest = rest.subarray(piece.length);
      if (this.#isError) this.lastWords = (this.lastWords + piece.toString("utf8")).slice(-KEPT_LOG);
      else this.push(piece);
    }
    done();
  }
}
