import type { AssistantMessage } from "../../../schemas/messages.ts";
import { readArguments } from "./parts.ts";

/** A piece of a call in a stream, as loosely as services send it. */
export interface CallPiece {
  index: number | null;
  id: string | null;
  name: string | null;
  arguments: unknown;
  /** What the service wants back with the call. */
  signature?: string | null;
}

interface OpenCall {
  index: number | null;
  id: string | null;
  name: string;
  raw: string;
  signature: string | null;
}

/** Arguments as text; some send them in one piece, as an object. */
const textOf = (given: unknown): string => {
  if (given === null || given === undefined) return "";
  return typeof given === "string" ? given : JSON.stringify(given);
};

/** Whether a piece with the id of a complete call is another call: it has its own name and arguments. */
const isNextOf = (call: OpenCall, piece: CallPiece): boolean => {
  const given = textOf(piece.arguments);
  const isNamed = piece.name !== null && piece.name !== "";
  return (
    isNamed && given !== "" && given !== call.raw && isWhole(given) && isWhole(call.raw) && call.raw !== "{}"
  );
};

/** Whether a text is complete JSON, so that nothing can be missing. */
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
 * already, begins another call: some services send index 0 for all, or none. `tools` are the names of those
 * that are offered, for names that come in pieces.
 */
export const callCollector = (tools: readonly string[] = []) => {
  const calls: OpenCall[] = [];

  const find = (piece: CallPiece): OpenCall | undefined => {
    const { id, index, name } = piece;
    const byId = id === null ? undefined : calls.findLast((call) => call.id === id);
    // Another call under the same id: it has an index and a name of its own.
    const isOther =
      byId !== undefined && byId.index !== index && index !== null && name !== null && name !== "";
    if (byId !== undefined && !isOther && !isNextOf(byId, piece)) return byId;
    if (byId !== undefined && !isOther) return undefined;
    const call = index === null ? calls.at(-1) : calls.findLast((each) => each.index === index);
    if (call === undefined) return undefined;
    // Some give each piece its own id; only one with a name begins a call.
    if (id !== null && call.id !== null && name !== null && name !== "") return undefined;
    const isAnother =
      name !== null && name !== "" && call.name !== "" && call.raw !== "" && isWhole(call.raw);
    return isAnother ? undefined : call;
  };

  const addName = (call: OpenCall, name: string): void => {
    const joined = call.name + name;
    const isPiece = !tools.includes(call.name) && tools.some((tool) => tool.startsWith(joined));
    if (call.name === "" || isPiece) call.name = joined;
  };

  return {
    add: (piece: CallPiece): void => {
      let call = find(piece);
      if (call === undefined) {
        call = { index: piece.index, id: null, name: "", raw: "", signature: null };
        calls.push(call);
      }
      call.id ??= piece.id;
      call.signature ??= piece.signature ?? null;
      addName(call, piece.name ?? "");
      const given = textOf(piece.arguments);
      // Some begin with an empty object, or repeat the whole at the end.
      const isRepeated = given !== "" && (call.raw.trim() === "{}" || call.raw === given);
      call.raw = isRepeated && given.trimStart().startsWith("{") ? given : call.raw + given;
    },
    /** The calls in order; `first` numbers those without an id. One without a name is not a call. */
    parts: (first: number): AssistantMessage["content"] =>
      calls
        .filter(({ name, raw }) => name !== "" || raw !== "")
        .map(({ id, name, raw, signature }, index) => ({
          type: "tool_call" as const,
          call_id: id ?? `call_${first + index}`,
          tool: name,
          ...readArguments(raw),
          signature,
        })),
  };
};
