/** Collects output and keeps its head and its tail, in bounded memory. */
export interface BoundedOutput {
  add: (chunk: Buffer) => void;
  /** The kept output, with a note where something was cut. */
  text: () => string;
}

/** A {@link BoundedOutput} that keeps the first third and the last two thirds of `limit` bytes. */
export const boundedOutput = (limit: number): BoundedOutput => {
  const headLimit = Math.floor(limit / 3);
  const tailLimit = limit - headLimit;
  const head: Buffer[] = [];
  let tail: Buffer[] = [];
  let headSize = 0;
  let tailSize = 0;
  let dropped = 0;

  const add = (chunk: Buffer): void => {
    const room = headLimit - headSize;
    if (room > 0) {
      head.push(chunk.subarray(0, room));
      headSize += Math.min(room, chunk.length);
    }
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    tail.push(rest);
    tailSize += rest.length;
    if (tailSize > tailLimit * 2) trim();
  };

  const trim = (): void => {
    if (tailSize <= tailLimit) return;
    const all = Buffer.concat(tail);
    dropped += tailSize - tailLimit;
    tail = [Buffer.from(all.subarray(all.length - tailLimit))];
    tailSize = tailLimit;
  };

  const text = (): string => {
    trim();
    if (dropped === 0) return Buffer.concat([...head, ...tail]).toString("utf8");
    const note = `\n… ${dropped} bytes cut …\n`;
    return Buffer.concat(head).toString("utf8") + note + Buffer.concat(tail).toString("utf8");
  };

  return { add, text };
};

/** Cuts the middle out of a text that is longer than `limit` characters, and adds a note about that. */
export const cutMiddle = (text: string, limit: number): string => {
  if (text.length <= limit) return text;
  const head = Math.floor(limit / 3);
  const tail = limit - head;
  const cut = text.length - head - tail;
  return `${text.slice(0, head)}\n… ${cut} characters cut …\n${text.slice(text.length - tail)}`;
};
