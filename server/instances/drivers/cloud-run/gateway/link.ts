import { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** The first byte of a frame is the channel that its bytes belong to, or one of these. */
const CREDIT = 254;
const ACKNOWLEDGE = 255;
const LAST_CHANNEL = 253;

/** The maximum bytes of one frame. */
const PIECE = 64 * 1024;
/** The maximum bytes of one channel that may be in flight. */
const WINDOW = 1024 * 1024;
/**
 * The other end learns of what was read after so many bytes: a frame for each read would double the
 * traffic.
 */
const GRANT = WINDOW / 4;
/** The longest message that a WebSocket of a link must accept. */
export const LONGEST_FRAME = PIECE + 16;

export const bytesOf = (data: Buffer | ArrayBuffer | Buffer[]): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);

/** One byte stream in each direction. A writer waits for a slow reader at the other end. */
class Channel extends Duplex {
  readonly #send: (bytes: Buffer) => void;
  readonly #grant: (bytes: number) => void;
  /** Bytes that the other end still accepts. */
  #credit = WINDOW;
  /** Bytes that were received and not yet granted again to the other end. */
  #unread = 0;
  #waiting: (() => void) | null = null;

  constructor(send: (bytes: Buffer) => void, grant: (bytes: number) => void) {
    super({ highWaterMark: PIECE, allowHalfOpen: true, autoDestroy: false });
    this.#send = send;
    this.#grant = grant;
    // The end of a link is reported by its own event, not to the writer.
    this.on("error", () => undefined);
  }

  override _read(): void {
    const bytes = this.#unread;
    if (bytes < GRANT) return;
    this.#unread = 0;
    this.#grant(bytes);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#credit <= 0) {
      this.#waiting = () => {
        this._write(chunk, _encoding, done);
      };
      return;
    }
    const piece = chunk.subarray(0, Math.min(PIECE, this.#credit));
    this.#credit -= piece.length;
    if (piece.length > 0) this.#send(piece);
    if (piece.length === chunk.length) done();
    else this._write(chunk.subarray(piece.length), _encoding, done);
  }

  override _final(done: () => void): void {
    this.#send(Buffer.alloc(0));
    done();
  }

  /** Takes data from the other end; no bytes mean the end. Returns false if it sent more than it may. */
  arrive(bytes: Buffer): boolean {
    if (bytes.length === 0) {
      this.push(null);
      return true;
    }
    this.#unread += bytes.length;
    if (this.#unread > WINDOW) return false;
    if (this.push(bytes)) this._read();
    return true;
  }

  credited(bytes: number): void {
    this.#credit += bytes;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }

  /** Nothing more arrives, and what is written is lost. */
  finish(): void {
    this.#credit = Number.POSITIVE_INFINITY;
    this.push(null);
    this.credited(0);
  }
}

/**
 * One end of a connection that outlives its WebSockets: channels of bytes, each with its own flow
 * control. Frames that the other end has not acknowledged are kept, and sent again over the next
 * WebSocket.
 */
export class Link {
  readonly #channels = new Map<number, Channel>();
  /** Frames that were sent and not acknowledged, the oldest first. */
  readonly #kept: Buffer[] = [];
  #acknowledged = 0;
  #received = 0;
  #socket: WebSocket | null = null;
  #isEnded = false;
  #isAcknowledging = false;
  readonly #onFault: (what: string) => void;

  /** @param onFault called if the other end breaks the protocol. */
  constructor(onFault: (what: string) => void) {
    this.#onFault = onFault;
  }

  /** The number of received frames, which the other end need not send again. */
  get received(): number {
    return this.#received;
  }

  channel(id: number): Duplex {
    const known = this.#channels.get(id);
    if (known !== undefined) return known;
    const made = new Channel(
      (bytes) => {
        this.#post(Buffer.concat([Buffer.of(id), bytes]));
      },
      (bytes) => {
        const frame = Buffer.alloc(6);
        frame[0] = CREDIT;
        frame[1] = id;
        frame.writeUInt32BE(bytes, 2);
        this.#post(frame);
      },
    );
    this.#channels.set(id, made);
    if (this.#isEnded) made.finish();
    return made;
  }

  /** Continues over another WebSocket. `receivedThere` is the number in the other end's greeting. */
  use(socket: WebSocket, receivedThere: number): void {
    this.#socket?.terminate();
    this.#socket = socket;
    this.#confirm(receivedThere);
    socket.on("message", (data, isBinary) => {
      if (isBinary && this.#socket === socket) this.#take(bytesOf(data));
    });
    for (const frame of this.#kept) socket.send(frame);
  }

  /** Ends all channels. No other WebSocket follows. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#socket?.terminate();
    this.#socket = null;
    this.#kept.length = 0;
    for (const channel of this.#channels.values()) channel.finish();
  }

  #post(frame: Buffer): void {
    if (this.#isEnded) return;
    this.#kept.push(frame);
    this.#send(frame);
  }

  /** Sends a frame. If that is not possible over this WebSocket, the next one sends it. */
  #send(frame: Buffer): void {
    const socket = this.#socket;
    if (socket !== null && socket.readyState === socket.OPEN) socket.send(frame);
  }

  #take(frame: Buffer): void {
    const [kind = ACKNOWLEDGE] = frame;
    if (kind === ACKNOWLEDGE) {
      if (frame.length < 9) this.#onFault("a frame is cut short");
      else this.#confirm(Number(frame.readBigUInt64BE(1)));
      return;
    }
    this.#received += 1;
    this.#acknowledgeSoon();
    if (kind === CREDIT) {
      if (frame.length < 6) this.#onFault("a frame is cut short");
      else this.#channels.get(frame.readUInt8(1))?.credited(frame.readUInt32BE(2));
    } else if (kind <= LAST_CHANNEL && this.#channels.get(kind)?.arrive(frame.subarray(1)) === false)
      this.#onFault(`channel ${kind} sent more than it may`);
  }

  #confirm(count: number): void {
    if (count < this.#acknowledged || count > this.#acknowledged + this.#kept.length) {
      this.#onFault("it acknowledges data that was not sent");
      return;
    }
    this.#kept.splice(0, count - this.#acknowledged);
    this.#acknowledged = count;
  }

  #acknowledgeSoon(): void {
    if (this.#isAcknowledging) return;
    this.#isAcknowledging = true;
    setImmediate(() => {
      this.#isAcknowledging = false;
      const frame = Buffer.alloc(9);
      frame[0] = ACKNOWLEDGE;
      frame.writeBigUInt64BE(BigInt(this.#received), 1);
      this.#send(frame);
    });
  }
}
