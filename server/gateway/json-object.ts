/**
 * The end of the JSON object or array that begins at `start`, as the position after its last brace; null
 * if it does not end or does not begin there. Reads each character once; only a parser knows whether the
 * text is JSON.
 */
export const endOfJson = (text: string, start: number): number | null => {
  if (text[start] !== "{" && text[start] !== "[") return null;
  let depth = 0;
  let inString = false;
  for (let position = start; position < text.length; position++) {
    const character = text[position];
    if (inString) {
      if (character === "\\") position++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      depth--;
      if (depth === 0) return position + 1;
    }
  }
  return null;
};
