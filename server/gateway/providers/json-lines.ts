/** A `fetch` whose answers are lines of JSON objects, checked on their way to a client. */
export interface CheckedLines {
  fetch: typeof fetch;
  /** Lines passed on so far. */
  count(): number;
}

const [NEW_LINE, CARRIAGE_RETURN, OPEN, CLOSE] = [0x0a, 0x0d, 0x7b, 0x7d];

/**
 * Ollama's client skips a line that is no JSON and complains about it on the console; what it held
 * would be missing in the answer. So empty lines are left out here, and a line that is not an object
 * from its first brace to its last breaks the answer off.
 */
export const checkLines = (send: typeof fetch, broken: () => Error): CheckedLines => {
  let lines = 0;

  const checked = (): TransformStream<Uint8Array, Uint8Array> => {
    let first = 0;
    let last = 0;
    const isObject = (): boolean => first === OPEN && last === CLOSE;
    return new TransformStream({
      transform(chunk, controller) {
        let kept = chunk;
        for (const [index, byte] of chunk.entries()) {
          if (byte === NEW_LINE && first === 0) {
            if (kept === chunk) kept = chunk.slice();
            kept[index] = 0x20;
          } else if (byte === NEW_LINE) {
            if (!isObject()) {
              controller.error(broken());
              return;
            }
            lines++;
            first = last = 0;
          } else if (byte !== CARRIAGE_RETURN && byte !== 0x20) {
            last = byte;
            first ||= byte;
          }
        }
        controller.enqueue(kept);
      },
      flush(controller) {
        if (first === 0) return;
        if (isObject()) lines++;
        else controller.error(broken());
      },
    });
  };

  return {
    count: () => lines,
    fetch: async (input, init) => {
      const { body, status, headers } = await send(input, init);
      return new Response(body?.pipeThrough(checked()) ?? null, { status, headers });
    },
  };
};
