import type { AssistantMessage } from "../../schemas/messages.ts";

/**
 * How models mark thoughts in their text, in the spellings of the common templates. They are compared in
 * lower case and without blanks in a tag.
 * Thoughts are not an answer: the model considers a call in them, but does not make it.
 */
const spellings = new Map([
  ...[
    ...["think", "thinking", "thought", "reasoning", "reflection", "seed:think"],
    ...["analysis", "scratchpad", "inner_monologue", "thoughts", "antthinking"],
  ].map((name) => [`<${name}>`, `</${name}>`] as const),
  ["<|begin_of_thought|>", "<|end_of_thought|>"],
  ["<|start_thinking|>", "<|end_thinking|>"],
  ["<|inner_prefix|>", "<|inner_suffix|>"],
  ["<unused94>", "<unused95>"],
  ["[think]", "[/think]"],
  ["◁think▷", "◁/think▷"],
  ["<|channel|>analysis<|message|>", "<|end|>"],
  ["<|channel>thought", "<channel|>"],
]);
const closings = new Set(spellings.values());
/** Ends more than thoughts: on its own, it means nothing. */
closings.delete("<|end|>");

/** Marks that gpt-oss writes around an answer; they are removed. */
const wrappings = new Set([
  "<|start|>assistant",
  "<|channel|>final<|message|>",
  "<|channel|>commentary<|message|>",
  "<|end|>",
  "<|return|>",
]);

/** Code, and calls that are written out: a tag in them is a quotation. */
const codes: Readonly<Record<string, string>> = { "```": "```", "`": "`", "<tool_call>": "</tool_call>" };

const tags = [
  ...spellings.keys(),
  ...spellings.values(),
  ...wrappings,
  "<tool_call>",
  "</tool_call>",
  "```",
  "`",
  "\n",
];
/** Blanks that are allowed before the end of a tag. */
const MOST_BLANKS = 2;
const escaped = tags.map((tag) =>
  tag.replace(/[[\]|/]/g, "\\$&").replace(/(?<=^<[^|]*)>$/, ` {0,${MOST_BLANKS}}>`),
);
const anyTag = new RegExp(escaped.join("|"), "gi");
/** Every tag begins with one of these. */
const openers: ReadonlySet<string | undefined> = new Set(tags.map((tag) => tag[0]));
const anyOpener = new RegExp(`[${[...openers].join("").replace("[", "\\[")}]`);
const longestTag = Math.max(...tags.map((tag) => tag.length)) + MOST_BLANKS;

/** A tag, or its beginning, as it is written in the lists. */
const plainTag = (tag: string): string =>
  tag.startsWith("<") || tag.startsWith("[") ? tag.toLowerCase().replaceAll(" ", "") : tag;

/** What a piece of an answer turned out to be. */
export interface Sorted {
  text: string;
  thoughts: string;
  /** All earlier text was a thought: only its end is marked. */
  withdrawn: boolean;
}

/** Separates an answer into text and thoughts as it streams in. */
export interface ThoughtReader {
  read(piece: string): Sorted;
  /** Text that is held back, because a tag could begin with it. */
  end(): Sorted;
}

/** Where the end of a text could be the beginning of a tag. */
const unfinishedFrom = (text: string): number => {
  const start = Math.max(0, text.length - longestTag + 1);
  if (!anyOpener.test(text.slice(start))) return text.length;
  // The inside of a complete tag does not begin another one.
  const within = [...text.slice(start).matchAll(anyTag)].map(({ 0: tag, index }) => ({
    from: start + index,
    to: start + index + tag.length,
  }));
  for (let from = start; from < text.length; from++) {
    if (!openers.has(text[from])) continue;
    if (within.some((tag) => tag.from < from && from < tag.to)) continue;
    const rest = plainTag(text.slice(from));
    if (tags.some((tag) => tag.length > rest.length && tag.startsWith(rest))) return from;
  }
  return text.length;
};

export const thoughtReader = (): ThoughtReader => {
  let waiting = "";
  /** The end of the current thought; null: there is none. */
  let thoughtUntil: string | null = null;
  /** The end of the current code. */
  let codeUntil: string | null = null;
  let lineIsBlank = true;
  /** The whole answer is JSON, such as a call, in which every tag is part of a text. */
  let isJson: boolean | null = null;
  let sorted: Sorted = { text: "", thoughts: "", withdrawn: false };
  let hasText = false;

  const add = (piece: string): void => {
    if (piece === "") return;
    const first = piece.trimStart()[0];
    if (first !== undefined) lineIsBlank = false;
    if (thoughtUntil !== null) {
      sorted.thoughts += piece;
      return;
    }
    sorted.text += piece;
    hasText = true;
    if (first !== undefined) isJson ??= first === "{" || first === "[";
  };

  /** Whether the tag marks thoughts; all others are part of the surrounding text. */
  const isMark = (tag: string): boolean => {
    if (tag === thoughtUntil) return true;
    const wasBlank = lineIsBlank;
    if (thoughtUntil !== null) {
      // A fence that is still open when the thought ends: its end may have been quoted in code.
      if (tag === "```" && wasBlank) codeUntil = codeUntil === null ? tag : null;
    } else if (tag === "\n") {
      if (codeUntil === "`") codeUntil = null;
    } else if (codeUntil !== null) {
      if (tag === codeUntil && (tag !== "```" || wasBlank)) codeUntil = null;
    } else if (tag === "```") codeUntil = wasBlank ? tag : null;
    else if (codes[tag] !== undefined) codeUntil = codes[tag];
    else return isJson !== true && (spellings.has(tag) || closings.has(tag) || wrappings.has(tag));
    return false;
  };

  const pass = (tag: string): void => {
    if (thoughtUntil !== null) thoughtUntil = null;
    else if (spellings.has(tag)) thoughtUntil = spellings.get(tag) ?? null;
    else if (!wrappings.has(tag)) {
      sorted = { text: "", thoughts: sorted.thoughts + sorted.text, withdrawn: sorted.withdrawn || hasText };
      hasText = false;
      isJson = null;
    }
  };

  const sort = (text: string, end: number): Sorted => {
    sorted = { text: "", thoughts: "", withdrawn: false };
    let from = 0;
    const tagged = anyOpener.test(text) ? text.slice(0, end).matchAll(anyTag) : [];
    for (const { 0: written, index } of tagged) {
      add(text.slice(from, index));
      from = index + written.length;
      const tag = plainTag(written);
      const isPassed = isMark(tag);
      if (isPassed) pass(tag);
      else if (thoughtUntil !== null) sorted.thoughts += written;
      else {
        sorted.text += written;
        hasText = true;
        // A text that begins with a tag or a fence is not JSON as a whole.
        if (tag !== "\n") isJson ??= false;
      }
      lineIsBlank = isPassed || tag === "\n";
    }
    add(text.slice(from, end));
    waiting = text.slice(end);
    return sorted;
  };

  return {
    read: (piece) => {
      const text = waiting + piece;
      return sort(text, unfinishedFrom(text));
    },
    end: () => sort(waiting, waiting.length),
  };
};

type Part = AssistantMessage["content"][number];

/** The parts of an answer, with the thoughts in its texts separated. */
export const withoutThoughts = (content: readonly Part[]): Part[] =>
  content.flatMap((part): Part[] => {
    if (part.type !== "text") return [part];
    const reader = thoughtReader();
    const read = reader.read(part.text);
    const rest = reader.end();
    const [before, text] = rest.withdrawn ? [read.text, rest.text] : ["", read.text + rest.text];
    const thoughts = `${read.thoughts}${before}${rest.thoughts}`;
    if (thoughts === "") return [part];
    return [
      { type: "reasoning", text: thoughts.trim(), signature: null },
      { type: "text", text: text.trim() },
    ];
  });
