import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Localizer } from "../../schemas/localizer.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import { blocksOf, type Block } from "./blocks.ts";

/**
 * A growing transcript: the entries so far, the position to read from, and the text of the streaming answer
 * that is not an entry yet.
 */
export interface LiveTranscript {
  next: number;
  blocks: Block[];
  streaming: { turn: number; text: string } | null;
}

export const emptyTranscript = (): LiveTranscript => ({ next: 0, blocks: [], streaming: null });

export const addEntries = (
  transcript: LiveTranscript,
  entries: readonly TranscriptEntry[],
  next: number,
  l10n: Localizer,
): void => {
  for (const entry of entries) {
    transcript.blocks.push(...blocksOf(entry, l10n));
    // The whole answer has arrived, so the streamed part of it is removed.
    if (entry.type === "answer" && transcript.streaming !== null && entry.turn >= transcript.streaming.turn)
      transcript.streaming = null;
  }
  transcript.next = next;
};

/** Adds streamed text. A withdrawn answer disappears. */
export const addText = (
  transcript: LiveTranscript,
  { turn, text, withdrawn }: Extract<RuntimeEvent, { type: "model.text" }>,
): void => {
  if (withdrawn) transcript.streaming = null;
  else if (transcript.streaming?.turn === turn) transcript.streaming.text += text;
  else transcript.streaming = { turn, text };
};
