/**
 * Deepest nesting of JSON that is read. Our own data does not come near it; deeper nesting exhausts the
 * stack.
 */
const MOST_JSON_DEPTH = 200;

/**
 * Parses JSON from outside. Throws a SyntaxError, also for what is nested deeper than
 * {@link MOST_JSON_DEPTH}: code that walks it afterwards would end in an internal error.
 */
export const parseJson = (text: string): unknown => {
  // A short text cannot be nested that deep.
  if (text.length > MOST_JSON_DEPTH && depthOf(text) > MOST_JSON_DEPTH)
    throw new SyntaxError(`it is nested deeper than ${MOST_JSON_DEPTH} levels`);
  return JSON.parse(text);
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** How deep a text is nested, in one pass; what is in strings does not count. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (OPENING.has(code)) deepest = Math.max(deepest, (depth += 1));
    else if (CLOSING.has(code)) depth -= 1;
  }
  return deepest;
};
