import { z } from "zod";
import { FileChange } from "./changes.ts";
import { QualityMetrics } from "./execution.ts";
import { GateProof } from "./gates.ts";
import { AssistantMessage, StopReason, TokenUsage, ToolOffer, UserMessage } from "./messages.ts";
import { Count, Json, Milliseconds, Timestamp } from "./primitives.ts";

/** What a tool returned, with the files it changed: enough to continue without running it again. */
export const ToolOutcome = z.strictObject({
  call_id: z.string(),
  tool: z.string(),
  input: Json,
  content: z.string(),
  is_error: z.boolean(),
  duration_ms: Milliseconds,
  /** Every file the call changed, as it then was. */
  changes: z.array(FileChange),
});
export type ToolOutcome = z.infer<typeof ToolOutcome>;

/**
 * One line of `transcripts/<execution_id>.jsonl`: the checkpoint an execution resumes from and the
 * record a person reads. `prompt` comes first; then, for each turn from 1, an `answer` and its
 * `tool` lines, or a `note` from the runtime to the model. Lines are durable before they are acted
 * on.
 */
export const TranscriptEntry = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("prompt"),
    at: Timestamp,
    system: z.string(),
    messages: z.array(UserMessage),
    tools: z.array(ToolOffer),
  }),
  z.strictObject({
    type: z.literal("answer"),
    at: Timestamp,
    turn: Count.min(1),
    message: AssistantMessage,
    stop_reason: StopReason,
    usage: TokenUsage,
    /** Dollars; `null`: unknown. */
    cost: z.number().nullable(),
    provider: z.string(),
    model: z.string(),
    /** It came from the response cache and cost nothing. */
    cached: z.boolean(),
    duration_ms: Milliseconds,
  }),
  /**
   * Also billed: an attempt that gave none because its stream was cut or it was
   * cancelled, or the embeddings that ranked the context, which come before the prompt.
   */
  z.strictObject({
    type: z.literal("spent"),
    at: Timestamp,
    turn: Count.min(1),
    usage: TokenUsage,
    /** Dollars; `null`: unknown. */
    cost: z.number().nullable(),
    provider: z.string(),
    model: z.string(),
    reason: z.string(),
  }),
  z.strictObject({ type: z.literal("tool"), at: Timestamp, turn: Count.min(1), outcome: ToolOutcome }),
  /** What the runtime told the model between two turns, such as to call a tool. */
  z.strictObject({ type: z.literal("note"), at: Timestamp, turn: Count.min(1), text: z.string() }),
  /** Tool results before this turn were folded to make room in the model's window. */
  z.strictObject({ type: z.literal("compacted"), at: Timestamp, before_turn: Count.min(1) }),
  z.strictObject({ type: z.literal("gate"), at: Timestamp, proof: GateProof }),
  /** The scores of the output; a later line, after a review, takes the place of an earlier one. */
  z.strictObject({ type: z.literal("quality"), at: Timestamp, metrics: QualityMetrics }),
  z.strictObject({ type: z.literal("end"), at: Timestamp, status: z.string(), message: z.string() }),
]);
export type TranscriptEntry = z.infer<typeof TranscriptEntry>;
