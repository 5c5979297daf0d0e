import type { AssistantMessage } from "../../../schemas/messages.ts";
import { readArguments } from "./parts.ts";

/** A piece of a call in a stream, as loose as services send it. */
export interface CallPiece {
  index: number | null;
  id: string | null;
  name: string | null;
  arguments: unknown;
}

interface OpenCall {
  index: number | null;
  id: string | null;
  name: string;
  raw: string;
}

/** Whether a text is JSON as a whole, so that nothing can be missing of it. */
const isWhole = (raw: string): boolean => {
  try {
    JSON.parse(raw);
    return true;
  } catch {
    return false;
  }
};

/**
 * Puts calls together from their pieces. A piece belongs to the call with its id, unless it names another
 * call at another index, else to the one with its index, else to the last; but a piece with a new id, or with a name where the call is whole
 * already, begins another call: some services send index 0 for all, or none.
 */
export const callCollector = () => {
  const calls: OpenCall[] = [];

  const find = ({ id, index, name }: CallPiece): OpenCall | undefined => {
    const byId = id === null ? undefined : calls.findLast((call) => call.id === id);
    // Another call under the same id: it has an index and a name of its own.
    const isOther =
      byId !== undefined && byId.index !== index && index !== null && name !== null && name !== "";
    if (byId !== undefined && !isOther) return byId;
    const call = index === null ? calls.at(-1) : calls.findLast((each) => each.index === index);
    if (call === undefined) return undefined;
    if (id !== null && call.id !== null) return undefined;
    const isAnother =
      name !== null && name !== "" && call.name !== "" && call.raw !== "" && isWhole(call.raw);
    return isAnother ? undefined : call;
  };

  return {
    add: (piece: CallPiece): void => {
      let call = find(piece);
      if (call === undefined) {
        call = { index: piece.index, id: null, name: "", raw: "" };
        calls.push(call);
      }
      call.id ??= piece.id;
      call.name ||= piece.name ?? "";
      const { arguments: given } = piece;
      // Some send the arguments in one piece, as an object.
      if (given !== null && given !== undefined)
        call.raw += typeof given === "string" ? given : JSON.stringify(given);
    },
    /** The calls in their order; `first` numbers those without an id. One of no name is none. */
    parts: (first: number): AssistantMessage["content"] =>
      calls
        .filter(({ name, raw }) => name !== "" || raw !== "")
        .map(({ id, name, raw }, index) => ({
          type: "tool_call" as const,
          call_id: id ?? `call_${first + index}`,
          tool: name,
          ...readArguments(raw),
          signature: null,
        })),
  };
};
