import { cutNote } from "../../schemas/cut-note.ts";
import type { ContextItem } from "../../schemas/execution.ts";
import type { TestLayout } from "../../schemas/test-layout.ts";
import { estimateTokens } from "../gateway/tokens.ts";
import { contextTypeOf, mimeTypeOf } from "./kinds.ts";

export interface LeftOut {
  name: string;
  reason: string;
}

/** The maximum number of left-out entries to list by name. */
const MOST_NAMED = 50;

/** Tokens of an item's heading and fence. */
const TOKENS_AROUND = 12;
/** Tokens of the line that says that a text is cut. */
const TOKENS_OF_NOTE = 30;

/** The number of tokens that an item takes in the context. */
export const costOf = (path: string, content: string): number =>
  estimateTokens(content) + estimateTokens(path) + TOKENS_AROUND;

const itemOf = (path: string, content: string, layout: TestLayout): ContextItem => ({
  context_type: contextTypeOf(path, layout),
  name: path,
  content,
  mime_type: mimeTypeOf(path),
});

/** As many whole lines from the beginning of a text as fit. */
const beginningOf = (text: string, tokens: number): { content: string; shown: number; total: number } => {
  const lines = text.replace(/\n$/, "").split("\n");
  let left = tokens;
  let shown = 0;
  for (const line of lines) {
    left -= estimateTokens(`${line}\n`);
    if (left < 0) break;
    shown += 1;
  }
  return { content: lines.slice(0, shown).join("\n"), shown, total: lines.length };
};

/** The reason why a file was left out, including the order of the files. */
const ranked = (how: string | null): string => (how === null ? "" : `; files are ranked ${how}`);

/**
 * Fills a token budget in the given order: first the file itself, cut if necessary, then every file that
 * still fits as a whole. Lists the others with the reason. `how`: how the files are ordered, if the user
 * should know; `is_full`: at least one of them did not fit.
 */
export const fillBudget = (
  target: { path: string; text: string } | null,
  related: readonly { path: string; text: string | null }[],
  budgetTokens: number,
  layout: TestLayout,
  how: string | null = null,
): { items: ContextItem[]; left_out: LeftOut[]; is_full: boolean } => {
  const items: ContextItem[] = [];
  const leftOut: LeftOut[] = [];
  let left = budgetTokens;
  let isFull = false;
  const take = (path: string, content: string): void => {
    items.push(itemOf(path, content, layout));
    left -= costOf(path, content);
  };

  if (target !== null && costOf(target.path, target.text) > left) {
    const { content, shown, total } = beginningOf(
      target.text,
      left - costOf(target.path, "") - TOKENS_OF_NOTE,
    );
    take(target.path, `${content}\n${cutNote({ first: 1, last: shown, total })}`);
    leftOut.push({ name: target.path, reason: `only its first ${shown} of ${total} lines fit the budget` });
  } else if (target !== null) take(target.path, target.text);

  for (const { path, text } of related) {
    const cost = text === null ? 0 : costOf(path, text);
    if (text === null) leftOut.push({ name: path, reason: "it is not a text file, or it is too long" });
    else if (text.trim() === "") continue;
    else if (cost > left) {
      const reason = `needs about ${cost} tokens; ${Math.max(0, left)} are left${ranked(how)}`;
      leftOut.push({ name: path, reason });
      isFull = true;
    } else take(path, text);
  }
  return { items, left_out: bounded(leftOut), is_full: isFull };
};

const bounded = (leftOut: LeftOut[]): LeftOut[] =>
  leftOut.length <= MOST_NAMED
    ? leftOut
    : [
        ...leftOut.slice(0, MOST_NAMED),
        { name: `${leftOut.length - MOST_NAMED} more files`, reason: "they do not fit the budget" },
      ];
