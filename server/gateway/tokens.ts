import type { Message, TokenUsage, ToolOffer } from "../../schemas/messages.ts";
import type { ModelRequest } from "./gateway.ts";

/**
 * A careful estimate of the tokens of a text: code has about 3.2 characters per token with today's
 * tokenisers, prose about 4. It is rather too high than too low.
 */
export const estimateTokens = (text: string): number => tokensOfCharacters(text.length);

/** The same for a text whose length alone is known. */
export const tokensOfCharacters = (characters: number): number => Math.ceil(characters / 3.2);

/** What providers count for a picture of ordinary size. */
const TOKENS_PER_IMAGE = 1600;

const lengthOfMessage = ({ content }: Message): { characters: number; images: number } => {
  let characters = 16;
  let images = 0;
  for (const part of content) {
    if (part.type === "image") images++;
    else if (part.type === "tool_call")
      characters += JSON.stringify(part.arguments).length + part.tool.length;
    else if (part.type === "tool_result") characters += part.content.length;
    else characters += part.text.length;
  }
  return { characters, images };
};

/** Tools are the same objects in every request of an execution. */
const toolSizes = new WeakMap<ToolOffer, number>();

const lengthOfTool = (tool: ToolOffer): number => {
  const known = toolSizes.get(tool);
  if (known !== undefined) return known;
  const length = tool.name.length + tool.description.length + JSON.stringify(tool.schema).length;
  toolSizes.set(tool, length);
  return length;
};

/** Size of a request: its characters, as they go over the wire, and its pictures. */
export const requestSize = (request: ModelRequest): { characters: number; images: number } => {
  let characters = request.system.length;
  let images = 0;
  for (const tool of request.tools) characters += lengthOfTool(tool);
  for (const message of request.messages) {
    const size = lengthOfMessage(message);
    characters += size.characters;
    images += size.images;
  }
  return { characters, images };
};

/** The guess of {@link estimateTokens} for a whole request. */
export const estimateRequestTokens = (request: ModelRequest): number => {
  const { characters, images } = requestSize(request);
  return Math.ceil(characters / 3.2) + images * TOKENS_PER_IMAGE;
};

export const noUsage: TokenUsage = {
  input: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  output: 0,
  reasoning: 0,
};

/** Every token once: `output` contains `reasoning` already. */
export const totalTokens = (usage: TokenUsage): number =>
  usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h + usage.output;
