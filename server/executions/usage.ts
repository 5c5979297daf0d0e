import type { ExecutionResourceUsage } from "../../schemas/execution.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import { addUsage, noUsage } from "../models/execution.ts";

/** What one line of a transcript cost; null for lines that cost nothing. */
const usageOfEntry = (entry: TranscriptEntry): ExecutionResourceUsage | null => {
  if (entry.type === "tool") return { ...noUsage(), tool_calls: 1 };
  if (entry.type !== "answer" && entry.type !== "spent") return null;
  // An answer from the cache was paid when it was given.
  if (entry.type === "answer" && entry.cached) return noUsage();
  const { usage } = entry;
  return {
    ...noUsage(),
    input_tokens: usage.input,
    cache_read_tokens: usage.cache_read,
    cache_write_tokens: usage.cache_write_5m + usage.cache_write_1h,
    output_tokens: usage.output,
    reasoning_tokens: usage.reasoning,
    api_calls: 1,
    cost: entry.cost,
  };
};

/** What an execution used, from its transcript: the same sum live and after a restart. */
export const usageOf = (entries: readonly TranscriptEntry[]): ExecutionResourceUsage =>
  entries.reduce((sum, entry) => {
    const usage = usageOfEntry(entry);
    return usage === null ? sum : addUsage(sum, usage);
  }, noUsage());
