import { fail } from "../../../schemas/errors.ts";
import {
  lentName,
  type LentFailure,
  type LentMessage,
  type LentPart,
  type LentRequest,
} from "../../../schemas/lent-models.ts";
import type { AssistantMessage, Message, StopReason, TokenUsage } from "../../../schemas/messages.ts";
import { withoutPictures } from "../capabilities.ts";
import { EditorGone, type EditorModels } from "../editor-models.ts";
import { modelMissing, ProviderFault, unreachable, type Addressee } from "../faults.ts";
import type { ModelRequest } from "../gateway.ts";
import { noUsage, tokensOfCharacters } from "../tokens.ts";
import { argumentsObject, countCalls, readArguments, wholeAnswer } from "./parts.ts";
import type { Access, Call, Provider, ProviderAnswer } from "./provider.ts";

type AssistantPart = Extract<LentMessage, { role: "assistant" }>["content"][number];

const lentMessage = (message: Message): LentMessage[] => {
  if (message.role === "assistant") {
    const content = message.content.flatMap((part): AssistantPart[] => {
      if (part.type === "text") return part.text === "" ? [] : [part];
      if (part.type === "reasoning") return [];
      const { type, call_id, tool } = part;
      return [{ type, call_id, tool, arguments: argumentsObject(part) }];
    });
    return content.length === 0 ? [] : [{ role: "assistant", content }];
  }
  const { content } = withoutPictures(message);
  // Results come directly after the calls that they answer.
  const results = content.flatMap((part) =>
    part.type === "tool_result" ? [{ type: part.type, call_id: part.call_id, content: part.content }] : [],
  );
  const texts = content.flatMap((part) => (part.type === "text" && part.text !== "" ? [part] : []));
  return results.length + texts.length === 0 ? [] : [{ role: "user", content: [...results, ...texts] }];
};

/**
 * The request in VS Code's form. It has no role for the system, whose text becomes the user's first
 * message, and no option for a temperature or a limit that all of its models accept.
 */
export const lentRequest = (
  model: string,
  { system, messages, tools }: Pick<ModelRequest, "system" | "messages" | "tools">,
): LentRequest => ({
  model,
  messages: [
    ...(system === "" ? [] : [{ role: "user" as const, content: [{ type: "text" as const, text: system }] }]),
    ...messages.flatMap(lentMessage),
  ],
  tools: tools.map(({ name, description, schema }) => ({ name, description, schema })),
});

/** How a provider of models refuses a request. */
const filtered = /off[_ -]?topic|content[_ ](filter|policy)|filtered|responsible ai/i;
const usedUp = /quota|premium requests?|rate.?limit|limit (was|is|has been)? ?(reached|exceeded)/i;

/** The meaning of a failure of VS Code, and what may fix it. */
export const faultOfFailure = (failure: LentFailure, to: Addressee): ProviderFault => {
  const { provider, model } = to;
  const reason = failure.message.trim() === "" ? "it gave no reason" : failure.message;
  if (failure.code !== "NotFound" && filtered.test(reason))
    return new ProviderFault(fail("answer_blocked", { provider, reason }), "provider");
  switch (failure.code) {
    case "NoPermissions":
      return new ProviderFault(fail("model_not_allowed", { model, reason }), "provider");
    case "Blocked":
      return usedUp.test(reason)
        ? new ProviderFault(fail("provider_quota", { provider, reason }), "provider")
        : new ProviderFault(fail("model_not_allowed", { model, reason }), "provider");
    case "NotFound":
      return modelMissing(to);
    case "TooLong": {
      const { tokens = "too many", window = "less" } = failure;
      return new ProviderFault(fail("context_too_long", { model, tokens, window }), "provider");
    }
    case "Unknown":
      return new ProviderFault(
        fail("provider_failed", { provider, status: "with an error", reason }),
        "retry",
      );
  }
};

/**
 * How long nobody asks an editor that has closed. The runtime, which ends with it, interrupts the run
 * first.
 */
const GONE_MS = 10_000;

/** Asks the editor; its errors become faults. */
const askEditor = async <Value>(
  { to, transport }: Access,
  ask: (editor: EditorModels, signal: AbortSignal, came: () => void) => Promise<Value>,
): Promise<Value> => {
  try {
    return await transport.editor(ask);
  } catch (error) {
    if (!(error instanceof EditorGone)) throw error;
    throw new ProviderFault(unreachable(to, error.message).error, "retry", { waitMs: GONE_MS });
  }
};

/** An answer as it comes in parts. */
class LentAnswer {
  readonly #firstCall: number;
  readonly #calls: AssistantMessage["content"] = [];
  #text = "";
  #characters = 0;
  inputTokens = 0;

  constructor(request: ModelRequest) {
    this.#firstCall = countCalls(request.messages);
  }

  /** By estimate. */
  get tokens(): number {
    return tokensOfCharacters(this.#characters);
  }

  /** Text to show, if there is some in the part. */
  add(part: LentPart): string {
    if (part.type === "asked") this.inputTokens = part.input_tokens ?? 0;
    else if (part.type === "text") {
      this.#text += part.text;
      this.#characters += part.text.length;
      return part.text;
    } else {
      const raw = typeof part.arguments === "string" ? part.arguments : JSON.stringify(part.arguments ?? {});
      const call_id = part.call_id === "" ? `call_${this.#firstCall + this.#calls.length + 1}` : part.call_id;
      const call = { type: "tool_call" as const, call_id, tool: part.tool, signature: null };
      this.#calls.push({ ...call, ...readArguments(raw) });
      this.#characters += raw.length;
    }
    return "";
  }

  whole(to: Addressee, stop: StopReason, usage: TokenUsage): ProviderAnswer {
    return wholeAnswer(to, [{ type: "text", text: this.#text }, ...this.#calls], stop, usage);
  }
}

/** If an estimate exceeds the limit of an answer by this factor, any counter would say so, too. */
const CERTAINLY = 2;

const answer = async (call: Call): Promise<ProviderAnswer> => {
  const { request, to } = call;
  const given = new LentAnswer(request);
  const usage = (output: number): TokenUsage => ({ ...noUsage, input: given.inputTokens, output });
  // VS Code has no limit for answers: one that exceeds it is cut here.
  const cut = new AbortController();
  const limited = Promise.withResolvers<"cut">();
  const result = await askEditor(call, async (editor, signal, came) => {
    const asking = editor.generate(lentRequest(to.model, request), {
      signal: AbortSignal.any([signal, cut.signal]),
      part: (part) => {
        came();
        if (cut.signal.aborted) return;
        const text = given.add(part);
        if (text !== "") call.text(text);
        call.used(usage(given.tokens));
        if (given.tokens <= request.max_tokens * CERTAINLY) return;
        limited.resolve("cut");
        cut.abort();
      },
    });
    return Promise.race([limited.promise, asking]);
  });
  if (result === "cut") return given.whole(to, "length", usage(given.tokens));
  if ("failure" in result) throw faultOfFailure(result.failure, to);
  return given.whole(to, "end", usage(result.output_tokens ?? given.tokens));
};

/** The language models that VS Code lends: they have no key, no address and no known price. */
export const vscode: Provider = {
  name: "VSCode",
  needsKey: false,
  answer,
  list: async (access) => {
    const models = await askEditor(access, (editor, signal) => editor.list(signal));
    return models.map((model) => ({ model: lentName(model), window: model.max_input_tokens }));
  },
  embed: null,
};
