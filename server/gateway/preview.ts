import { z } from "zod";
import type { SentRequest } from "../../schemas/contract.ts";
import { lending } from "../../schemas/lent-models.ts";
import { Json } from "../../schemas/primitives.ts";
import { knownLacks, withoutWhat } from "./capabilities.ts";
import type { EditorModels } from "./editor-models.ts";
import type { ModelRequest } from "./gateway.ts";
import type { Provider } from "./providers/provider.ts";
import { soundRequest } from "./sound-text.ts";
import type { Target } from "./targets.ts";
import { answerLimit, featuresOf } from "./catalogue/catalogue.ts";
import type { Transport } from "./transport.ts";

const REDACTED = "[redacted]";
const Body = z.string().transform((text) => Json.parse(JSON.parse(text)));

/**
 * The exact request of a question: the provider's official client runs until it would send, and nothing
 * is sent.
 */
export const previewRequest = async (
  provider: Provider,
  to: Target,
  request: ModelRequest,
): Promise<SentRequest> => {
  const { promise: caught, resolve } = Promise.withResolvers<SentRequest>();
  const stopped = new Error("stopped before anything was sent");
  /** What an editor that lends its models would be asked. */
  const editor: EditorModels = {
    known: () => null,
    list: () => Promise.reject(stopped),
    generate: (body) => {
      resolve({ method: lending.generate, url: to.endpoint, headers: {}, body });
      return Promise.reject(stopped);
    },
  };
  const send: Transport["fetch"] = (input, init) => {
    const url = typeof input === "string" ? input : input instanceof URL ? input.href : input.url;
    const headers = Object.fromEntries(new Headers(init?.headers));
    resolve({ method: init?.method ?? "GET", url, headers, body: Body.parse(init?.body) });
    return Promise.reject(stopped);
  };
  const transport: Transport = {
    fetch: send,
    editor: (ask) => ask(editor, new AbortController().signal, () => undefined),
    fault: () => stopped,
    answered: () => false,
    close: () => undefined,
  };
  const max_tokens = answerLimit(to, request);
  const asking = provider.answer({
    to,
    key: provider.needsKey ? REDACTED : null,
    transport,
    request: soundRequest(withoutWhat(knownLacks(to), { ...request, max_tokens })),
    window: featuresOf(to.provider, to.model).window,
    text: () => undefined,
    used: () => undefined,
  });
  // The client fails when it is stopped; before that, it must have tried to send.
  await asking.catch((error: unknown) => {
    if (error !== stopped && !(error instanceof Error && error.message.includes(stopped.message)))
      throw error;
  });
  return caught;
};
