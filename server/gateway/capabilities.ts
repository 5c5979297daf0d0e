import type { CoditectError } from "../../schemas/errors.ts";
import type { Message, UserMessage } from "../../schemas/messages.ts";
import { featuresOf } from "./catalogue/catalogue.ts";
import type { Addressee } from "./faults.ts";
import { withFencedTools } from "./fenced.ts";
import type { ModelRequest } from "./gateway.ts";

/** Features that some models support and others do not. */
export type Capability =
  | "tools"
  | "pictures"
  | "temperature"
  | "thoughts"
  | "thinking"
  | "schemas"
  | "max_tokens"
  | "stream_options"
  | "system";

interface Substitute {
  isAsked: (request: ModelRequest) => boolean;
  /** The words by which providers say that a model lacks it. */
  refusal: RegExp;
  /** The same request for a model that lacks it. */
  without: (request: ModelRequest) => ModelRequest;
}

const isPicture = ({ type }: { type: string }): boolean => type === "image";

/** The user's message with a note in place of each picture, for models that cannot see. */
export const withoutPictures = (message: UserMessage): UserMessage => ({
  ...message,
  content: message.content.map((part) =>
    part.type === "image"
      ? { type: "text", text: `[a picture of type ${part.mime_type}, which you cannot see]` }
      : part,
  ),
});

type Part = Message["content"][number];

/** Whether a part is a thought, or a call that a service signed with its thoughts. */
const hasThought = (part: Part): boolean =>
  part.type === "reasoning" || (part.type === "tool_call" && part.signature !== null);
const withoutThoughts = (message: Message): Message => {
  if (message.role === "user") return message;
  const said = message.content.filter(({ type }) => type !== "reasoning");
  const content = said.map((part) => (part.type === "tool_call" ? { ...part, signature: null } : part));
  return { ...message, content };
};

/** The system message as the beginning of the user's first message. */
const withSystemInFront = ({ system, messages }: ModelRequest): Message[] => {
  const text = { type: "text" as const, text: system };
  const [first, ...rest] = messages;
  return first?.role === "user"
    ? [{ ...first, content: [text, ...first.content] }, ...rest]
    : [{ role: "user", content: [text] }, ...messages];
};

const substitutes: Readonly<Record<Capability, Substitute>> = {
  tools: {
    isAsked: ({ tools }) => tools.length > 0,
    refusal:
      /(does ?n[o']t|not) support (tool|function)|(tools?|tool use|tool calling|functions?) (is|are) not supported/i,
    without: withFencedTools,
  },
  pictures: {
    isAsked: ({ messages }) => messages.some(({ content }) => content.some(isPicture)),
    refusal:
      /(does ?n[o']t|not) support (image|vision|picture|multimodal)|(images?|vision|image inputs?) (is|are) not supported|(not a|non-) ?(multimodal|vision) model|data required for image input/i,
    without: (request) => ({
      ...request,
      messages: request.messages.map((message) =>
        message.role === "user" ? withoutPictures(message) : message,
      ),
    }),
  },
  temperature: {
    isAsked: ({ temperature }) => temperature !== null,
    refusal:
      /temperature`?'?"? (is|was) (deprecated|not supported|unsupported)|temperature`?'?"? may only be set|(unsupported|not support|does ?n[o']t support|unknown|invalid)[^.]{0,60}temperature/i,
    without: (request) => ({ ...request, temperature: null }),
  },
  // Claude binds signed thoughts to the messages before them, and both Claude and Gemini bind them to the
  // account. They are invalid after messages were removed, and with the key of another account.
  thoughts: {
    isAsked: ({ messages }) => messages.some(({ content }) => content.some(hasThought)),
    refusal:
      /block is bound to a different|invalid `?signature`? in `?thinking|(corrupted|invalid) thought signature|thought signature is not valid|redacted_thinking`? blocks[^\n]{0,60}(cannot be modified|must match)|blocks must match the parameters/i,
    without: (request) => ({ ...request, messages: request.messages.map(withoutThoughts) }),
  },
  // How a model should think: compatible services do not know the field.
  thinking: {
    isAsked: ({ thinking }) => thinking !== false,
    refusal:
      /thinking(?!`? block)[^\n]{0,80}(not support|unsupported|unknown|unrecogni[sz]ed|not permitted|not allowed|does not match)|(unknown|unrecogni[sz]ed|unsupported|unexpected|extra|not support)[^\n]{0,60}(thinking(?!`? block)|adaptive)|must start with a `?thinking`? block/i,
    without: (request) => ({ ...request, thinking: false }),
  },
  // Gemini's older field takes its own dialect; proxies and older services know no other field.
  schemas: {
    isAsked: ({ tools, plain_schemas }) => tools.length > 0 && plain_schemas !== true,
    refusal: /parameters_?json_?schema|function_?declarations?\b[^\n]{0,20}\.parameters/i,
    without: (request) => ({ ...request, plain_schemas: true }),
  },
  // Newer models behind OpenAI-shaped services have another name for the limit.
  max_tokens: {
    isAsked: ({ unusual_form }) => unusual_form?.max_tokens !== true,
    refusal: /max_tokens[^\n]{0,80}max_completion_tokens/i,
    without: (request) => ({ ...request, unusual_form: { ...request.unusual_form, max_tokens: true } }),
  },
  // Older services do not know that a stream can end with its usage.
  stream_options: {
    isAsked: ({ unusual_form }) => unusual_form?.stream_options !== true,
    refusal: /stream_options|include_usage/i,
    without: (request) => ({ ...request, unusual_form: { ...request.unusual_form, stream_options: true } }),
  },
  // Templates such as Gemma's have no place for a system message.
  system: {
    isAsked: ({ system }) => system !== "",
    refusal:
      /system (role|messages?|instructions?|prompts?)[^\n]{0,20}not (supported|allowed|enabled)|(not|n't) support (the )?(system|developer)\b|developer instruction is not enabled/i,
    without: (request) => ({ ...request, system: "", messages: withSystemInFront(request) }),
  },
};
// The keys of an object of exactly that type.
const capabilities = Object.keys(substitutes) as Capability[];

/**
 * The feature that the model lacks, according to the provider's error; null: the error is about
 * something else.
 */
export const refusedIn = (request: ModelRequest, error: CoditectError): Capability | null => {
  if (error.code !== "provider_refused" && error.code !== "provider_failed") return null;
  const refuses = (name: Capability): boolean =>
    substitutes[name].isAsked(request) && substitutes[name].refusal.test(error.message);
  return capabilities.find(refuses) ?? null;
};

/** What the model is known to lack before it is asked. Its service may not report it. */
export const knownLacks = ({ provider, model }: Pick<Addressee, "provider" | "model">): Set<Capability> =>
  new Set(featuresOf(provider, model).pictures === false ? ["pictures"] : []);

/** The request for a model that lacks all of these. */
export const withoutWhat = (lacks: ReadonlySet<Capability>, request: ModelRequest): ModelRequest =>
  [...lacks].reduce(
    (changed, name) => (substitutes[name].isAsked(changed) ? substitutes[name].without(changed) : changed),
    request,
  );
