import type { AIProvider } from "../schemas/agent.ts";
import type { Json } from "../schemas/primitives.ts";

/** One answer of a scripted model, or the way it fails to give one. */
export interface Turn {
  text?: string;
  reasoning?: string;
  calls?: { tool: string; arguments: Record<string, Json> }[];
  /** In place of a call's arguments: this raw text. Gemini and Ollama carry no raw text: not there. */
  rawArguments?: string;
  /** Default: what the content says (`tool_calls` if there are calls). */
  stop?: "length" | "refusal" | "safety" | "pause";
  /** Tokens reported; defaults: a quarter of the characters. */
  usage?: {
    input?: number;
    cache_read?: number;
    cache_write?: number;
    cache_write_1h?: number;
    output?: number;
    reasoning?: number;
  };
  /** Answer with this status and body instead. */
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Close the connection after that many events of the stream; 0: before any answer. */
  cutAfter?: number;
  /** Stop sending after that many events and keep the connection open. */
  stallAfter?: number;
  /** Milliseconds before the answer begins. */
  delayMs?: number;
}

/** How one provider's service speaks. */
export interface Protocol {
  name: "Claude" | "Gemini" | "Ollama" | "HuggingFace";
  /** Whether a request to this path is one of its questions. */
  asks(path: string): boolean;
  contentType: string;
  /** The pieces of a streamed answer. */
  events(turn: Turn, body: Record<string, unknown>, number: number): string[];
  /** The body of an error, as the service writes it. */
  error(status: number, message: string): string;
  provider(url: string, model?: string): AIProvider;
}

const tokens = (text: string): number => Math.ceil(text.length / 4);
const pieces = (text: string): string[] => text.match(/[\s\S]{1,24}/gu) ?? [];
const written = (turn: Turn): string =>
  (turn.text ?? "") + (turn.reasoning ?? "") + JSON.stringify(turn.calls ?? []);
const inputOf = (turn: Turn, body: object): number => turn.usage?.input ?? tokens(JSON.stringify(body));
const outputOf = (turn: Turn): number => turn.usage?.output ?? tokens(written(turn));
const rawOf = (turn: Turn, index: number): string =>
  turn.rawArguments ?? JSON.stringify(turn.calls?.[index]?.arguments ?? {});

const claudeStops = {
  length: "max_tokens",
  refusal: "refusal",
  safety: "refusal",
  pause: "pause_turn",
} as const;

export const claudeProtocol: Protocol = {
  name: "Claude",
  asks: (path) => path.startsWith("/v1/messages"),
  contentType: "text/event-stream",
  events: (turn, body, number) => {
    const event = (data: { type: string } & Record<string, unknown>): string =>
      `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
    const { usage = {} } = turn;
    const hour = usage.cache_write_1h ?? 0;
    const message = {
      id: `msg_${number}`,
      type: "message",
      role: "assistant",
      model: body.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: inputOf(turn, body),
        cache_read_input_tokens: usage.cache_read ?? 0,
        cache_creation_input_tokens: (usage.cache_write ?? 0) + hour,
        cache_creation: {
          ephemeral_5m_input_tokens: usage.cache_write ?? 0,
          ephemeral_1h_input_tokens: hour,
        },
        output_tokens: 1,
      },
    };
    const events = [event({ type: "message_start", message })];
    let index = 0;
    const block = (content_block: object, deltas: object[]): void => {
      events.push(event({ type: "content_block_start", index, content_block }));
      for (const delta of deltas) events.push(event({ type: "content_block_delta", index, delta }));
      events.push(event({ type: "content_block_stop", index: index++ }));
    };
    if (turn.reasoning !== undefined)
      block({ type: "thinking", thinking: "", signature: "" }, [
        { type: "thinking_delta", thinking: turn.reasoning },
        { type: "signature_delta", signature: "c2lnbmF0dXJl" },
      ]);
    if (turn.text !== undefined)
      block(
        { type: "text", text: "" },
        pieces(turn.text).map((text) => ({ type: "text_delta", text })),
      );
    for (const [position, call] of (turn.calls ?? []).entries())
      block(
        { type: "tool_use", id: `toolu_${number}_${position}`, name: call.tool, input: {} },
        pieces(rawOf(turn, position)).map((partial_json) => ({ type: "input_json_delta", partial_json })),
      );
    const natural = turn.calls === undefined ? "end_turn" : "tool_use";
    const stop_reason = turn.stop === undefined ? natural : claudeStops[turn.stop];
    const details =
      usage.reasoning === undefined ? {} : { output_tokens_details: { thinking_tokens: usage.reasoning } };
    events.push(
      event({
        type: "message_delta",
        delta: { stop_reason, stop_sequence: null },
        usage: { output_tokens: outputOf(turn), ...details },
      }),
      event({ type: "message_stop" }),
    );
    return events;
  },
  error: (status, message) =>
    JSON.stringify({
      type: "error",
      error: { type: status === 529 ? "overloaded_error" : "api_error", message },
    }),
  provider: (_url, model = "claude-sonnet-5-5") => ({ Claude: { model, max_tokens: 8192 } }),
};

export const ollamaProtocol: Protocol = {
  name: "Ollama",
  asks: (path) => path === "/api/chat",
  contentType: "application/x-ndjson",
  events: (turn, body) => {
    const line = (fields: object): string =>
      `${JSON.stringify({ model: body.model, created_at: "2026-01-01T00:00:00Z", ...fields })}\n`;
    const says = (message: object): string =>
      line({ message: { role: "assistant", content: "", ...message }, done: false });
    return [
      ...pieces(turn.reasoning ?? "").map((thinking) => says({ thinking })),
      ...pieces(turn.text ?? "").map((content) => says({ content })),
      ...(turn.calls ?? []).map((call) =>
        says({ tool_calls: [{ function: { name: call.tool, arguments: call.arguments } }] }),
      ),
      line({
        message: { role: "assistant", content: "" },
        done: true,
        done_reason: turn.stop === "length" ? "length" : "stop",
        prompt_eval_count: inputOf(turn, body),
        eval_count: outputOf(turn),
      }),
    ];
  },
  error: (_status, message) => JSON.stringify({ error: message }),
  provider: (url, model = "scripted") => ({ Ollama: { model, endpoint: url } }),
};

const geminiStops = {
  length: "MAX_TOKENS",
  refusal: "PROHIBITED_CONTENT",
  safety: "SAFETY",
  pause: "STOP",
} as const;

export const geminiProtocol: Protocol = {
  name: "Gemini",
  asks: (path) => path.includes(":streamGenerateContent"),
  contentType: "text/event-stream",
  events: (turn, body) => {
    const event = (data: object): string => `data: ${JSON.stringify(data)}\r\n\r\n`;
    const says = (part: object): string =>
      event({ candidates: [{ content: { role: "model", parts: [part] }, index: 0 }] });
    const { usage = {} } = turn;
    const cached = usage.cache_read ?? 0;
    const thoughts = usage.reasoning ?? 0;
    return [
      ...pieces(turn.reasoning ?? "").map((text) => says({ text, thought: true })),
      ...pieces(turn.text ?? "").map((text) => says({ text })),
      ...(turn.calls ?? []).map((call, index) =>
        says({
          functionCall: { name: call.tool, args: call.arguments },
          ...(index === 0 && { thoughtSignature: "c2lnbmF0dXJl" }),
        }),
      ),
      event({
        candidates: [
          {
            content: { role: "model", parts: [{ text: "" }] },
            finishReason: turn.stop === undefined ? "STOP" : geminiStops[turn.stop],
            index: 0,
          },
        ],
        usageMetadata: {
          promptTokenCount: inputOf(turn, body) + cached,
          candidatesTokenCount: outputOf(turn) - thoughts,
          cachedContentTokenCount: cached,
          thoughtsTokenCount: thoughts,
        },
      }),
    ];
  },
  error: (status, message) => JSON.stringify({ error: { code: status, message, status: "UNAVAILABLE" } }),
  provider: (_url, model = "gemini-2.5-flash") => ({ Gemini: { model, max_tokens: 8192 } }),
};

const chatStops = {
  length: "length",
  refusal: "content_filter",
  safety: "content_filter",
  pause: "stop",
} as const;

export const huggingFaceProtocol: Protocol = {
  name: "HuggingFace",
  asks: (path) => path.endsWith("/chat/completions"),
  contentType: "text/event-stream",
  events: (turn, body, number) => {
    const event = (fields: object): string =>
      `data: ${JSON.stringify({ id: `chat-${number}`, created: 1, model: body.model, ...fields })}\n\n`;
    const says = (delta: object): string =>
      event({ choices: [{ index: 0, delta: { role: "assistant", ...delta }, finish_reason: null }] });
    const natural = turn.calls === undefined ? "stop" : "tool_calls";
    const { usage = {} } = turn;
    const cached = usage.cache_read ?? 0;
    return [
      ...pieces(turn.reasoning ?? "").map((reasoning) => says({ reasoning })),
      ...pieces(turn.text ?? "").map((content) => says({ content })),
      ...(turn.calls ?? []).flatMap((call, index) => {
        const id = `chatcmpl-tool-${number}-${index}`;
        const first = { index, id, type: "function", function: { name: call.tool, arguments: "" } };
        return [
          says({ tool_calls: [first] }),
          ...pieces(rawOf(turn, index)).map((raw) =>
            says({ tool_calls: [{ index, function: { arguments: raw } }] }),
          ),
        ];
      }),
      event({
        choices: [
          { index: 0, delta: {}, finish_reason: turn.stop === undefined ? natural : chatStops[turn.stop] },
        ],
      }),
      event({
        choices: [],
        usage: {
          prompt_tokens: inputOf(turn, body) + cached,
          completion_tokens: outputOf(turn),
          prompt_tokens_details: { cached_tokens: cached },
          completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
        },
      }),
      "data: [DONE]\n\n",
    ];
  },
  error: (status, message) =>
    JSON.stringify({ error: { message, type: "server_error", code: String(status) } }),
  provider: (_url, model = "Qwen/Qwen3-Coder-480B-A35B-Instruct") => ({
    HuggingFace: { model, api_key: "secret:huggingface" },
  }),
};

export const protocols: readonly Protocol[] = [
  claudeProtocol,
  geminiProtocol,
  ollamaProtocol,
  huggingFaceProtocol,
];
