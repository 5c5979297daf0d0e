import { z } from "zod";
import { Sha256 } from "../../schemas/primitives.ts";
import type { Objects } from "../store/store.ts";
import type { ToolAnswer } from "./tools-api.ts";

/** Longest result that goes into a conversation, in characters; the rest is read in parts. */
const RESULT_CHARACTERS = 12_000;

/** Which part of a stored result: its id, and the character that the part begins with. */
export const ResultPart = z.object({ id: Sha256, start: z.int().nonnegative().default(0) });

/** Results that are too long for a conversation: stored whole, and given to the agent in parts. */
export class LongResults {
  readonly #objects: Pick<Objects, "put" | "get">;

  constructor(objects: Pick<Objects, "put" | "get">) {
    this.#objects = objects;
  }

  /** The answer as it is, or its beginning with its size and how to read on. */
  async shorten(answer: ToolAnswer): Promise<ToolAnswer> {
    const { length } = answer.content;
    if (length <= RESULT_CHARACTERS) return answer;
    const id = await this.#objects.put(Buffer.from(answer.content));
    const head = answer.content.slice(0, RESULT_CHARACTERS);
    const more = `[${length} characters in all. Continue with read_result, id ${id}, start ${RESULT_CHARACTERS}.]`;
    return { ...answer, content: `${head}\n${more}` };
  }

  /** A further part of a stored result. */
  async part({ id, start }: z.infer<typeof ResultPart>): Promise<ToolAnswer> {
    const text = (await this.#objects.get(id)).toString("utf8");
    const part = text.slice(start, start + RESULT_CHARACTERS);
    const end = start + part.length;
    const more = end < text.length ? `\n[Continue at start ${end} of ${text.length}.]` : "";
    return { content: `${part}${more}`, is_error: false };
  }
}
