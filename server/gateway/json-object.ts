/**
 * Finds the end of a JSON object or array that comes in pieces. Reads each character once; only a parser knows
 * whether the text is JSON.
 */
export class JsonEnd {
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  /** The position in this piece behind the last brace; null: it does not end here. */
  read(piece: string, start = 0): number | null {
    for (let position = start; position < piece.length; position++) {
      const character = piece[position];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#inString) {
        if (character === "\\") this.#isEscaped = true;
        else if (character === '"') this.#inString = false;
      } else if (character === '"') this.#inString = true;
      else if (character === "{" || character === "[") this.#depth++;
      else if (character === "}" || character === "]") {
        this.#depth--;
        if (this.#depth === 0) return position + 1;
      }
    }
    return null;
  }
}

/** Whether an object or array begins there. */
export const beginsJson = (text: string, start = 0): boolean => text[start] === "{" || text[start] === "[";

/**
 * The end of the JSON object or array that begins at `start`, as the position after its last brace; null
 * if it does not end or does not begin there.
 */
export const endOfJson = (text: string, start: number): number | null =>
  beginsJson(text, start) ? new JsonEnd().read(text, start) : null;
