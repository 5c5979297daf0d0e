import type { ProviderName } from "../../schemas/agent.ts";
import { timerMs } from "../../schemas/primitives.ts";
import type { TokenUsage } from "../../schemas/messages.ts";
import { asFault, brokenAnswer, type Addressee, type ProviderFault } from "./faults.ts";
import { knownLacks, refusedIn, withoutWhat, type Capability } from "./capabilities.ts";
import { readFencedCalls } from "./fenced.ts";
import type { ModelRequest } from "./gateway.ts";
import { featuresOf } from "./catalogue/catalogue.ts";
import { countCalls, wholeAnswer, withOwnIds } from "./providers/parts.ts";
import type { Provider, ProviderAnswer } from "./providers/provider.ts";
import { soundRequest } from "./sound-text.ts";
import { estimateRequestTokens, estimateTokens, noUsage, totalTokens } from "./tokens.ts";
import type { Connections } from "./connections.ts";
import type { Deadlines } from "./deadlines.ts";
import { readTemplateCalls } from "./template-calls.ts";
import { withOfferedNames } from "./tool-names.ts";
import { thoughtReader, withoutThoughts, type Sorted } from "./thoughts.ts";
import { openTransport } from "./transport.ts";
import { cancelled, type Clock } from "./waiting.ts";

/** How an attempt ended, and what it cost. */
export type Outcome =
  | { answer: ProviderAnswer; usage: TokenUsage }
  | { fault: ProviderFault; usage: TokenUsage; textShown: boolean }
  | { cancelled: Error; usage: TokenUsage };

export interface Attempt {
  provider: Provider;
  to: Addressee;
  key: string | null;
  request: ModelRequest;
  /** The execution that asks. All its requests belong to one conversation. */
  execution: string;
  timeoutMs: number;
  signal: AbortSignal;
  /** Nothing is sent before this resolves. */
  ready: Promise<void>;
  text: (text: string) => void;
  /** Called to withdraw what was shown as text, because it is something else. */
  withdraw: () => void;
}

/** What attempts share. */
export interface AttemptTools {
  connections: Connections;
  clock: Clock;
  /** Shortens the deadlines for the first byte and for silence. */
  deadlines: Partial<Deadlines>;
  /** What models turned out to lack, by model or by conversation with a model. */
  lacks: Map<string, Set<Capability>>;
}

/** A local model is loaded before its first byte; the services send something every few seconds. */
const patience: Readonly<Record<ProviderName, Omit<Deadlines, "total">>> = {
  Claude: { firstByte: 60_000, silence: 60_000 },
  Gemini: { firstByte: 120_000, silence: 120_000 },
  HuggingFace: { firstByte: 120_000, silence: 60_000 },
  Ollama: { firstByte: Infinity, silence: 120_000 },
  // VS Code may ask the user for their consent first.
  VSCode: { firstByte: Infinity, silence: 120_000 },
};

const deadlinesFor = ({ provider, timeoutMs }: Attempt, shorter: Partial<Deadlines>): Deadlines => {
  const standard = patience[provider.name];
  const total = timerMs(timeoutMs);
  return {
    firstByte: Math.min(shorter.firstByte ?? standard.firstByte, total),
    silence: Math.min(shorter.silence ?? standard.silence, total),
    total,
  };
};

/** What a failed attempt cost: what the provider reported, or else an estimate from the texts. */
const spentBy = (reported: TokenUsage, request: ModelRequest, text: string): TokenUsage => {
  const output = Math.max(reported.output, estimateTokens(text));
  if (totalTokens(reported) - reported.output > 0) return { ...reported, output };
  return { ...reported, input: estimateRequestTokens(request), output };
};

/** What an answer used. Tokens that the provider does not count are estimated, so no answer is free. */
const usageOf = ({ usage, message }: ProviderAnswer, request: ModelRequest): TokenUsage =>
  spentBy(usage, request, usage.output > 0 ? "" : JSON.stringify(message.content));

/**
 * An answer without the thoughts that the model wrote into its text. If a model with native tools wrote
 * calls as text, they become calls; a call within a thought does not.
 */
const asMeant = (attempt: Attempt, answer: ProviderAnswer): ProviderAnswer => {
  const { tools, messages } = attempt.request;
  const meant = withOfferedNames(withoutThoughts(answer.message.content), tools);
  const content = withOwnIds(meant, messages);
  const { stop_reason, usage } = answer;
  return withWrittenCalls(attempt, wholeAnswer(attempt.to, content, stop_reason, usage));
};

/** A model with native tools sometimes writes a call as text; it is read as the call it is. */
const withWrittenCalls = (attempt: Attempt, answer: ProviderAnswer): ProviderAnswer => {
  const { tools, messages } = attempt.request;
  const { content } = answer.message;
  if (tools.length === 0 || content.some(({ type }) => type === "tool_call")) return answer;
  const next = countCalls(messages) + 1;
  let number = next;
  const parts = content.flatMap((part) => {
    if (part.type !== "text") return [part];
    const read = readTemplateCalls(part.text, tools, number) ?? readFencedCalls(part.text, tools, number);
    number += read.filter(({ type }) => type === "tool_call").length;
    return read.length === 0 ? [part] : read;
  });
  if (number === next) return answer;
  return wholeAnswer(attempt.to, parts, answer.stop_reason, answer.usage);
};

const tryOnce = async (attempt: Attempt, tools: AttemptTools, request: ModelRequest): Promise<Outcome> => {
  const { provider, to, key, signal, ready, text } = attempt;
  let reported = noUsage;
  let written = "";
  const reader = thoughtReader();
  const show = (sorted: Sorted): void => {
    if (sorted.withdrawn) attempt.withdraw();
    if (sorted.text !== "") text(sorted.text);
  };
  const transport = openTransport({
    to,
    key,
    connections: tools.connections,
    deadlines: deadlinesFor(attempt, tools.deadlines),
    signal,
    ready,
    now: () => tools.clock.now(),
  });
  let whole = false;
  try {
    const answer = await provider.answer({
      to,
      key,
      transport,
      request,
      window: featuresOf(to.provider, to.model).window,
      text: (piece) => {
        written += piece;
        show(reader.read(piece));
      },
      used: (usage) => (reported = usage),
    });
    show(reader.end());
    whole = transport.fault() === null;
    if (!whole) throw transport.fault() ?? brokenAnswer(to, "the connection failed");
    const usage = usageOf(answer, request);
    return { answer: asMeant(attempt, { ...answer, usage }), usage };
  } catch (thrown) {
    const usage = transport.answered() ? spentBy(reported, request, written) : noUsage;
    if (signal.aborted) return { cancelled: cancelled(), usage };
    return { fault: asFault(transport.fault() ?? thrown, to, key), usage, textShown: written !== "" };
  } finally {
    transport.close(whole);
  }
};

/**
 * Asks a model. If the model turns out to lack something, asks again without it, and leaves it out of later
 * requests too. Thoughts that the model refuses are left out of this conversation only.
 */
export const attemptAnswer = async (attempt: Attempt, tools: AttemptTools): Promise<Outcome> => {
  const { to, execution } = attempt;
  const model = `${to.provider} ${to.endpoint} ${to.model}`;
  const conversation = `${model} ${execution}`;
  const turnedOut = [model, conversation].flatMap((of) => [...(tools.lacks.get(of) ?? [])]);
  const lacks = new Set([...knownLacks(to), ...turnedOut]);
  for (;;) {
    const request = soundRequest(withoutWhat(lacks, attempt.request));
    const outcome = await tryOnce(attempt, tools, request);
    const refused = "fault" in outcome ? refusedIn(request, outcome.fault.error) : null;
    if (refused === null || lacks.has(refused)) return outcome;
    lacks.add(refused);
    const of = refused === "thoughts" ? conversation : model;
    tools.lacks.set(of, new Set([...(tools.lacks.get(of) ?? []), refused]));
  }
};
