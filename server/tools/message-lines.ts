/** Longest message of a server that is read, in bytes. */
const MOST_MESSAGE_BYTES = 32 * 1024 ** 2;

const NEWLINE = 0x0a;

/** The error of a server that sends a message above the limit. */
const tooLarge = (): Error => new Error("it sent a message larger than 32 MB");

/** Cuts a stream of bytes into lines. What is not a whole line yet is kept, up to the limit of a message. */
export class MessageLines {
  #pending: Buffer[] = [];
  #size = 0;

  /** The lines that are complete with this chunk, without their ends. Throws when a line is too long. */
  add(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#keep(rest.subarray(0, end));
      lines.push(Buffer.concat(this.#pending, this.#size));
      this.#pending = [];
      this.#size = 0;
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
    return lines;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#size += part.length;
    if (this.#size > MOST_MESSAGE_BYTES) throw tooLarge();
    this.#pending.push(part);
  }
}

/**
 * The body of an HTTP answer, ended with an error when a message in it is too large. A stream of events may
 * be of any length, but each line of it is a message; any other body is one message.
 */
export const limitMessages = (
  body: ReadableStream<Uint8Array>,
  isEventStream: boolean,
): ReadableStream<Uint8Array> => {
  let size = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        const last = isEventStream ? chunk.lastIndexOf(NEWLINE) : -1;
        size = last === -1 ? size + chunk.length : chunk.length - last - 1;
        if (size > MOST_MESSAGE_BYTES) controller.error(tooLarge());
        else controller.enqueue(chunk);
      },
    }),
  );
};
