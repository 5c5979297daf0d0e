import {
  WHOLE_VALUE,
  WHOLE_VALUES,
  type CutValue,
  type ExecutionOutput,
  type ToolCall,
} from "../../../schemas/execution.ts";
import { Json } from "../../../schemas/primitives.ts";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";

/** The number of characters that are kept of a shortened value, so that it can be recognised. */
const BEGINNING = 120;
/** The number of characters that are kept of an error. It is larger, because the cause is often at the end. */
const KEPT_ERROR = 500;

/** The value of a tool's answer: a JSON object or list if it is one, and otherwise the text. */
const valueOf = (content: string): Json => {
  if (!/^\s*[[{]/.test(content)) return content;
  try {
    return Json.parse(JSON.parse(content));
  } catch {
    return content;
  }
};

/**
 * The tool calls of an execution for its record. Inputs and outputs are complete up to `WHOLE_VALUE` characters each
 * and `WHOLE_VALUES` together, because records are kept in memory. A longer value is a `CutValue`, which names the
 * entry of the transcript.
 */
export const toolCallsOf = (executionId: string, entries: readonly TranscriptEntry[]): ToolCall[] => {
  let left = WHOLE_VALUES;
  const whole = (value: Json, entry: number): Json => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text.length <= Math.min(WHOLE_VALUE, left)) {
      left -= text.length;
      return value;
    }
    const cut = text.slice(0, BEGINNING);
    return {
      cut,
      characters: text.length,
      transcript: { execution_id: executionId, entry },
    } satisfies CutValue;
  };
  return entries.flatMap((entry, index): ToolCall[] => {
    if (entry.type !== "tool") return [];
    const { tool, input, content, is_error, duration_ms } = entry.outcome;
    return [
      {
        tool,
        input: whole(input, index),
        output: whole(valueOf(content), index),
        duration_ms,
        success: !is_error,
        error: is_error ? content.slice(0, KEPT_ERROR) : null,
      },
    ];
  });
};

/** The paths that an agent has read, in order and without duplicates. */
export const pathsRead = ({ tool_calls }: Pick<ExecutionOutput, "tool_calls">): string[] => {
  const paths = tool_calls.flatMap(({ tool, success, input }) =>
    tool === "read_file" &&
    success &&
    typeof input === "object" &&
    input !== null &&
    !Array.isArray(input) &&
    typeof input.path === "string"
      ? [input.path]
      : [],
  );
  return [...new Set(paths)];
};
