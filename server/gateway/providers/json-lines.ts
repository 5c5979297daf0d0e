import type { BodyCheck } from "../body-stream.ts";

/** Counts the lines of an answer that consists of JSON objects, one a line. */
export interface LineCheck extends BodyCheck {
  /** Lines passed on so far. */
  count(): number;
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const [NEW_LINE, CARRIAGE_RETURN, OPEN, CLOSE] = [0x0a, 0x0d, 0x7b, 0x7d];

/**
 * Ollama's client skips a line that is no JSON and complains about it on the console; what it held
 * would be missing in the answer. So empty lines are left out here, and a line that is not an object
 * from its first brace to its last breaks the answer off.
 */
export const checkLines = (broken: () => Error): LineCheck => {
  let lines = 0;
  let first = 0;
  let last = 0;
  let isAtStart = true;
  const endLine = (): Error | null => {
    if (first !== OPEN || last !== CLOSE) return broken();
    lines++;
    first = last = 0;
    return null;
  };

  return {
    count: () => lines,
    piece: (bytes) => {
      let kept = bytes;
      for (const [index, byte] of bytes.entries()) {
        if ((byte === NEW_LINE && first === 0) || (isAtStart && BYTE_ORDER_MARK.includes(byte))) {
          if (kept === bytes) kept = bytes.slice();
          kept[index] = 0x20;
        } else if (byte === NEW_LINE) {
          const error = endLine();
          if (error !== null) return error;
        } else if (byte !== CARRIAGE_RETURN && byte !== 0x20) {
          isAtStart = false;
          last = byte;
          first ||= byte;
        }
      }
      return kept;
    },
    end: () => (first === 0 ? null : endLine()),
  };
};
