import { hash } from "node:crypto";
import type { StopReason } from "../../schemas/messages.ts";
import type { ToolOutcome } from "../../schemas/transcript.ts";
import { stateOf } from "./copy/files.ts";

/** The model gets a note when it has made the same call with the same result this many times. */
const TOLD_AT = 3;
const FAILED_EDITS = 2;
const SILENT_TURNS = 3;

/**
 * Notices when a loop makes no progress. Its messages follow from the outcomes alone, so that a resumed
 * execution gets the same ones.
 */
export interface Guard {
  /** Records an outcome. Returns whether it was repeated too often. */
  sawOutcome(outcome: ToolOutcome): "go on" | "repeated";
  /** Records an answer without tool calls, and why the model stopped. */
  sawTalk(stop: StopReason): "go on" | "no_tool_calls" | "answers_cut" | "refused";
  /** Takes the note that the model reads before its next answer; null if there is none. */
  takeNote(): string | null;
}

const talkNote =
  "You called no tool, so nothing happened. Work with the tools; call finish when you are done.";
const cutNote =
  "Your answer reached its token limit before it called a tool, so nothing happened. Reasoning counts " +
  "toward the limit. Reason less, and call a tool now.";
const repeatNote = (tool: string): string =>
  `You called ${tool} ${TOLD_AT} times with the same arguments and the same result. ` +
  "It will not change: do something else, or call finish. Once more ends your work.";
const editNote = (path: string): string =>
  `${FAILED_EDITS} edits of ${path} failed. Send its whole new content with write_file instead.`;

export const loopGuard = (): Guard => {
  const times = new Map<string, number>();
  const failedEdits = new Map<string, number>();
  const files = new Map<string, string>();
  let silent = 0;
  let notes: string[] = [];

  /** The same call is not a repetition if a file has changed since the last time. */
  const keyOf = ({ tool, input, content }: ToolOutcome): string => {
    const state = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
    return hash("sha256", JSON.stringify([tool, input, content, state]), "hex");
  };

  const countEdit = ({ tool, input, is_error }: ToolOutcome): void => {
    const path =
      typeof input === "object" && input !== null && !Array.isArray(input) ? input.path : undefined;
    if (typeof path !== "string") return;
    if (tool === "write_file" || (tool === "edit_file" && !is_error)) failedEdits.delete(path);
    if (tool !== "edit_file" || !is_error) return;
    const count = (failedEdits.get(path) ?? 0) + 1;
    failedEdits.set(path, count);
    if (count === FAILED_EDITS) notes.push(editNote(path));
  };

  return {
    sawOutcome: (outcome) => {
      silent = 0;
      for (const change of outcome.changes) files.set(change.path, stateOf(change));
      countEdit(outcome);
      const key = keyOf(outcome);
      const count = (times.get(key) ?? 0) + 1;
      times.set(key, count);
      if (count === TOLD_AT) notes.push(repeatNote(outcome.tool));
      return count > TOLD_AT ? "repeated" : "go on";
    },
    sawTalk: (stop) => {
      silent += 1;
      notes.push(stop === "length" ? cutNote : talkNote);
      if (silent < SILENT_TURNS) return "go on";
      if (stop === "refusal" || stop === "safety") return "refused";
      return stop === "length" ? "answers_cut" : "no_tool_calls";
    },
    takeNote: () => {
      const note = notes.length === 0 ? null : notes.join("\n");
      notes = [];
      return note;
    },
  };
};
