import type { Readable, Writable } from "node:stream";
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from "vscode-jsonrpc/node";

const HEADER_END = Buffer.from("\r\n\r\n");
const LONGEST_HEADER = 4096;
const NOT_A_MESSAGE = "its output is not a message";

/**
 * Reads JSON-RPC messages, each after a `Content-Length` header, as they come; the general reader
 * puts each off to a later turn of the event loop, and has no limit. A message that is malformed or
 * longer than `limit` bytes is refused before it is collected in memory.
 */
export class FrameReader extends AbstractMessageReader implements MessageReader {
  readonly #stream: Readable;
  readonly #limit: number;
  /** What came of the header, or of the body if `#missing` says how much of that is still to come. */
  #pieces: Buffer[] = [];
  #missing: number | null = null;
  /** Whole messages so far. */
  messages = 0;
  stopped = false;

  constructor(stream: Readable, limit = Number.POSITIVE_INFINITY) {
    super();
    this.#stream = stream;
    this.#limit = limit;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer): void => {
      try {
        this.#take(chunk, callback);
      } catch (error) {
        this.stop();
        this.fireError(error);
      }
    };
    const onClose = (): void => {
      this.fireClose();
    };
    // After an error a stream closes.
    this.#stream
      .on("data", onData)
      .on("close", onClose)
      .on("error", () => undefined);
    return {
      dispose: () => {
        this.#stream.off("data", onData).off("close", onClose);
      },
    };
  }

  /** Takes no further message; what comes is dropped, so that its writer is not held up. */
  stop(): void {
    this.stopped = true;
    this.#pieces = [];
  }

  #take(chunk: Buffer, callback: DataCallback): void {
    let rest = chunk;
    while (rest.length > 0 && !this.stopped) {
      rest = this.#missing === null ? this.#takeHeader(rest) : this.#takeBody(rest, this.#missing, callback);
    }
  }

  #takeHeader(chunk: Buffer): Buffer {
    const header = this.#pieces.length === 0 ? chunk : Buffer.concat([...this.#pieces, chunk]);
    const end = header.indexOf(HEADER_END);
    if (end === -1 || end > LONGEST_HEADER) {
      if (header.length > LONGEST_HEADER) throw new Error(NOT_A_MESSAGE);
      this.#pieces = [header];
      return header.subarray(header.length);
    }
    const length = /^content-length: *(\d{1,15})$/im.exec(header.toString("latin1", 0, end))?.[1];
    if (length === undefined) throw new Error(NOT_A_MESSAGE);
    if (Number(length) > this.#limit) throw new Error(`a message of ${length} bytes is over ${this.#limit}`);
    this.#pieces = [];
    this.#missing = Number(length);
    return header.subarray(end + HEADER_END.length);
  }

  #takeBody(chunk: Buffer, missing: number, callback: DataCallback): Buffer {
    this.#pieces.push(chunk.subarray(0, missing));
    this.#missing = missing - chunk.length;
    if (this.#missing > 0) return chunk.subarray(chunk.length);
    const [first, ...others] = this.#pieces;
    const body = first === undefined || others.length > 0 ? Buffer.concat(this.#pieces) : first;
    this.#pieces = [];
    this.#missing = null;
    this.messages += 1;
    callback(parseMessage(body));
    return chunk.subarray(missing);
  }
}

const parseMessage = (body: Buffer): Message => {
  try {
    // The connection looks at what kind of message it is, and refuses what is none.
    return JSON.parse(body.toString("utf8")) as Message;
  } catch {
    throw new Error(NOT_A_MESSAGE);
  }
};

/** Writes each message in one piece: a header of its own would wake the reader twice. */
export class FrameWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    super();
    this.#stream = stream;
    // The next write reports an error.
    stream.on("error", () => undefined);
    stream.on("close", () => {
      this.fireClose();
    });
  }

  write(message: Message): Promise<void> {
    const body = JSON.stringify(message);
    const frame = `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return new Promise((resolve, reject) => {
      this.#stream.write(frame, "utf8", (error) => {
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
  }

  end(): void {
    this.#stream.end();
  }
}
