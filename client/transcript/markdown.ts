import type { AgentExecution } from "../../schemas/execution.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import type { Block } from "./blocks.ts";

/** A transcript as Markdown, for copying. */
export const markdownOf = (title: string, blocks: readonly Block[]): string =>
  [`# ${title}`, ...blocks.map(blockText), ""].join("\n\n");

const blockText = (block: Block): string => {
  switch (block.kind) {
    case "heading":
      return block.fact === "" ? `## ${block.title}` : `## ${block.title}\n\n${block.fact}`;
    case "words":
      return block.text;
    case "thoughts":
    case "note":
      return block.text
        .split("\n")
        .map((line) => `> ${line}`.trimEnd())
        .join("\n");
    case "details":
      return `${block.title}\n\n${fenced(block.text)}`;
  }
};

/** Fenced so that nothing in the text ends the fence. */
const fenced = (text: string): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return [fence, text.replace(/\n$/, ""), fence].join("\n");
};

/** The exact prompt of an execution: all sent fields, unchanged. */
export const promptText = (entry: Extract<TranscriptEntry, { type: "prompt" }>): string =>
  [
    "# system",
    "",
    entry.system,
    "",
    ...entry.messages.flatMap((message) => [
      `# ${message.role}`,
      "",
      ...message.content.map((part) => (part.type === "text" ? part.text : JSON.stringify(part, null, 2))),
      "",
    ]),
    "# tools",
    "",
    "```json",
    JSON.stringify(entry.tools, null, 2),
    "```",
    "",
  ].join("\n");

/** Files and other items with a reason for each, under a heading. Empty if there are none. */
export const reasonsText = (
  items: AgentExecution["metadata"]["context_left_out"],
  heading: string,
): string =>
  items.length === 0
    ? ""
    : [`# ${heading}`, "", ...items.map(({ name, reason }) => `- ${name}: ${reason}`), ""].join("\n");
