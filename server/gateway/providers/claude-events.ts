import { z } from "zod";
import type { AnswerEvent, EventForm } from "./event-stream.ts";

const Whole = z.looseObject({
  content: z.union([z.array(z.json()), z.string().transform((text) => [{ type: "text", text }])]),
  stop_reason: z.json().optional(),
  usage: z.json().optional(),
});

/** The events of a message that arrived as a whole, although a stream was requested. */
const eventsOf = (given: unknown): unknown[] => {
  const whole: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const message = Whole.safeParse(whole).data;
  if (message === undefined) return Array.isArray(whole) ? whole : [whole];
  const { content, stop_reason = null, usage = null } = message;
  return [
    { type: "message_start", message: { usage } },
    ...content.flatMap((content_block, index) => [
      { type: "content_block_start", index, content_block },
      { type: "content_block_stop", index },
    ]),
    { type: "message_delta", delta: { stop_reason }, usage },
    { type: "message_stop" },
  ];
};

const isRecord = (value: unknown): value is AnswerEvent => typeof value === "object" && value !== null;

/** Kinds of pieces, by the field that only they have. */
const deltaFields = [
  ["partial_json", "input_json_delta"],
  ["text", "text_delta"],
  ["thinking", "thinking_delta"],
  ["signature", "signature_delta"],
] as const;

const kindOfDelta = (delta: AnswerEvent): string =>
  deltaFields.find(([field]) => field in delta)?.[1] ?? "unknown";

/** An event with its type, which is also its name, and its data. */
const repaired = (event: AnswerEvent, name: string | null): AnswerEvent => {
  const type = typeof event.type === "string" ? event.type : name;
  const delta = isRecord(event.delta) ? event.delta : {};
  if (type === "message_delta")
    return { ...event, type, delta: { ...delta, stop_reason: delta.stop_reason ?? null } };
  if (type === "content_block_delta")
    return { ...event, type, delta: { ...delta, type: delta.type ?? kindOfDelta(delta) } };
  return { ...event, type };
};

const nameOf = ({ type }: AnswerEvent): string | null => (typeof type === "string" ? type : null);

/** Answers in the form that Claude's client accepts. */
export const claudeEvents: EventForm = { written: "events", eventsOf, repaired, nameOf };
