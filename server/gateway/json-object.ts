/**
 * Where the JSON object or array ends that begins at `start`, as the position after its last brace;
 * null if it does not end or nothing of the kind begins there. Reads each character once; whether
 * what it found is JSON only a parser knows.
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
