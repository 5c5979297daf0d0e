import type { Readable } from "node:stream";

/** Pieces of an answer that may wait for their reader before no more is taken from the socket. */
const PIECES_AHEAD = 16;

/** Looks at an answer on its way to a client; an error breaks the answer off. */
export interface BodyCheck {
  /** The bytes that are passed on in place of these. */
  piece(bytes: Uint8Array): Uint8Array | Error;
  end(): Error | null;
}

export interface BodyOptions {
  check: BodyCheck | null;
  mostBytes: number;
  onPiece: () => void;
  onEnd: () => void;
  onTooLong: () => void;
  /** What the check said. */
  onRefused: (reason: Error) => void;
  onError: (error: NodeJS.ErrnoException) => void;
  /** The reader wants no more. */
  onCancel: () => void;
}

/** The body of an answer for a client that reads web streams; `fail` breaks it off, once. */
export const bodyStream = (
  incoming: Readable,
  options: BodyOptions,
): { stream: ReadableStream<Uint8Array>; fail: (error: Error) => void } => {
  const { check } = options;
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
          const passed = check?.piece(piece) ?? piece;
          if (passed instanceof Error) {
            options.onRefused(passed);
            return;
          }
          controller.enqueue(passed);
          if ((controller.desiredSize ?? 1) <= 0) incoming.pause();
        });
        incoming.on("end", () => {
          options.onEnd();
          const broken = open ? (check?.end() ?? null) : null;
          if (broken !== null) options.onRefused(broken);
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
