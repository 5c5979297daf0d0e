import { readCutNote } from "../../schemas/cut-note.ts";
import type { ContextItem, ExecutionInput } from "../../schemas/execution.ts";
import type { UserMessage } from "../../schemas/messages.ts";
import { plainLine } from "../../schemas/plain-text.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";

/** One backtick more than the longest run in a text, at least three, so that the text cannot close the fence. */
const fenceFor = (text: string): string => {
  let longest = 2;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return "`".repeat(longest + 1);
};

const isImage = (item: ContextItem): boolean => item.mime_type?.startsWith("image/") ?? false;

/** The number of the first line, from the name of a context item that is a part of a file. */
const firstLineOf = ({ name }: ContextItem): number => Number(/, lines (\d+) to \d+$/.exec(name)?.[1] ?? 1);

/** Code with line numbers, as `read_file` shows it. The note that it is cut has no number. */
const numbered = (content: string, first: number): string => {
  const isCut = readCutNote(content) !== null;
  const lines = content.replace(/\n$/, "").split("\n");
  return lines
    .map((line, index) => (isCut && index === lines.length - 1 ? line : `${first + index}\t${line}`))
    .join("\n");
};

const isCode = ({ context_type }: ContextItem): boolean =>
  context_type === "SourceCode" || context_type === "TestFile";

const asText = (item: ContextItem, withNumbers: boolean): string => {
  const content = withNumbers && isCode(item) ? numbered(item.content, firstLineOf(item)) : item.content;
  const fence = fenceFor(content);
  // A name is outside of the fence, so with line breaks it could look like text of ours.
  return `${item.context_type}: ${plainLine(item.name)}\n${fence}\n${content}\n${fence}`;
};

/**
 * The first message of an execution: its context, then the instruction. The instruction comes last because
 * models follow best what they read last.
 */
const firstMessage = ({ prompt, context, tools }: ExecutionInput): UserMessage => {
  // Agents that report findings need line numbers.
  const withNumbers = tools.some(({ name }) => name === "report_findings");
  const texts = context.filter((item) => !isImage(item)).map((item) => asText(item, withNumbers));
  const images = context
    .filter(isImage)
    .flatMap((item) =>
      item.mime_type === null
        ? []
        : [{ type: "image" as const, mime_type: item.mime_type, data: item.content }],
    );
  return { role: "user", content: [...images, { type: "text", text: [...texts, prompt].join("\n\n") }] };
};

/** The first line of a transcript: exactly what the model is sent first. */
export const promptEntry = (input: ExecutionInput, now: string): TranscriptEntry => ({
  type: "prompt",
  at: now,
  system: input.system_message ?? "",
  messages: [firstMessage(input)],
  tools: input.tools.map(({ name, description, schema }) => ({ name, description, schema })),
});
