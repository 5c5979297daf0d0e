import type { Readable } from "node:stream";

/** Pieces of an answer that may wait for their reader before reading from the socket pauses. */
const PIECES_AHEAD = 16;

export interface BodyOptions {
  mostBytes: number;
  onPiece: () => void;
  onEnd: () => void;
  onTooLong: () => void;
  onError: (error: NodeJS.ErrnoException) => void;
  /** The reader wants no further data. */
  onCancel: () => void;
}

/** The body of an answer for a client that reads web streams; `fail` breaks it off, once. */
export const bodyStream = (
  incoming: Readable,
  options: BodyOptions,
): { stream: ReadableStream<Uint8Array>; fail: (error: Error) => void } => {
  let size = 0;
  let open = true;
  let fail: (error: Error) => void = () => undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        fail = (error) => {
          if (open) controller.error(error);
          open = false;
        };
        incoming.on("data", (piece: Uint8Array) => {
          options.onPiece();
          size += piece.length;
          if (size > options.mostBytes) options.onTooLong();
          if (!open) return;
          controller.enqueue(piece);
          if ((controller.desiredSize ?? 1) <= 0) incoming.pause();
        });
        incoming.on("end", () => {
          options.onEnd();
          if (open) controller.close();
          open = false;
        });
        incoming.on("error", options.onError);
      },
      pull: () => {
        incoming.resume();
      },
      cancel: () => {
        open = false;
        options.onCancel();
      },
    },
    { highWaterMark: PIECES_AHEAD },
  );
  return {
    stream,
    fail: (error) => {
      fail(error);
    },
  };
};
