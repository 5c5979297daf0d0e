import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AgentType, AIProvider } from "../schemas/agent.ts";
import { AgentType as AgentTypes } from "../schemas/agent.ts";
import type { Json } from "../schemas/primitives.ts";

/** One answer of a scripted model, or the way it fails to give one. */
export interface Turn {
  text?: string;
  reasoning?: string;
  calls?: { tool: string; arguments: Record<string, Json> }[];
  /** Default: what the content says (`tool_calls` if there are calls). */
  stop?: "length" | "refusal";
  /** Tokens reported; defaults: a quarter of the characters. */
  usage?: { input?: number; cache_read?: number; cache_write?: number; output?: number };
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

/** What the server was asked, in order. */
export interface JournalEntry {
  path: string;
  headers: IncomingMessage["headers"];
  agent: AgentType | null;
  body: Record<string, unknown>;
  /** The client closed the connection before the answer was whole. */
  aborted: boolean;
}

/** The turns of an agent type in the order they are asked for, or what to answer to each request. */
export type Script = Partial<
  Record<AgentType, readonly Turn[] | ((entry: JournalEntry, number: number) => Turn)>
>;

export interface ModelServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly requests: JournalEntry[];
  claude(model?: string): AIProvider;
  ollama(model?: string): AIProvider;
  close(): Promise<void>;
}

const readBody = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer); // Streams of HTTP give buffers.
  const text = Buffer.concat(pieces).toString("utf8");
  const parsed: unknown = text === "" ? {} : JSON.parse(text);
  return { ...Object(parsed) } as Record<string, unknown>; // A JSON object by the protocols.
};

/** The agent is named by the first line of the system message, whatever the protocol calls that. */
const agentOf = (body: Record<string, unknown>): AgentType | null => {
  const name = /Agent: (\w+)/.exec(JSON.stringify(body))?.[1];
  return AgentTypes.safeParse(name).data ?? null;
};

const tokens = (text: string): number => Math.ceil(text.length / 4);
const pieces = (text: string): string[] => text.match(/[\s\S]{1,24}/g) ?? [];
const written = (turn: Turn): string =>
  (turn.text ?? "") + (turn.reasoning ?? "") + JSON.stringify(turn.calls ?? []);

const claudeEvents = (turn: Turn, body: Record<string, unknown>, number: number): string[] => {
  const event = (data: { type: string } & Record<string, unknown>): string =>
    `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  const usage = {
    input_tokens: turn.usage?.input ?? tokens(JSON.stringify(body)),
    cache_read_input_tokens: turn.usage?.cache_read ?? 0,
    cache_creation_input_tokens: turn.usage?.cache_write ?? 0,
    output_tokens: 1,
  };
  const message = {
    id: `msg_${number}`,
    type: "message",
    role: "assistant",
    model: body.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
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
  for (const call of turn.calls ?? [])
    block(
      { type: "tool_use", id: `toolu_${number}_${index}`, name: call.tool, input: {} },
      pieces(JSON.stringify(call.arguments)).map((partial_json) => ({
        type: "input_json_delta",
        partial_json,
      })),
    );
  const natural = turn.calls === undefined ? "end_turn" : "tool_use";
  const stop_reason = turn.stop === "length" ? "max_tokens" : turn.stop === "refusal" ? "refusal" : natural;
  const output_tokens = turn.usage?.output ?? tokens(written(turn));
  events.push(
    event({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens } }),
    event({ type: "message_stop" }),
  );
  return events;
};

const ollamaLines = (turn: Turn, body: Record<string, unknown>): string[] => {
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
      prompt_eval_count: turn.usage?.input ?? tokens(JSON.stringify(body)),
      eval_count: turn.usage?.output ?? tokens(written(turn)),
    }),
  ];
};

const write = async (response: ServerResponse, turn: Turn, events: readonly string[]): Promise<void> => {
  for (const [index, event] of events.entries()) {
    if (index === turn.cutAfter) {
      response.destroy();
      return;
    }
    if (index === turn.stallAfter) return;
    if (!response.write(event)) await once(response, "drain");
    // Each event in a piece of its own, as over a real network.
    await new Promise(setImmediate);
  }
  response.end();
};

/**
 * A scripted model that speaks Claude's and Ollama's streaming protocols on one loopback port. Each
 * request of an agent takes its next turn; a request without a turn is refused with what was asked.
 */
export const startModelServer = async (script: Script): Promise<ModelServer> => {
  const requests: JournalEntry[] = [];
  const asked = new Map<AgentType | null, number>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const path = request.url ?? "/";
    const agent = agentOf(body);
    const entry: JournalEntry = { path, headers: request.headers, agent, body, aborted: false };
    requests.push(entry);
    response.on("close", () => (entry.aborted = !response.writableEnded));
    const number = asked.get(agent) ?? 0;
    asked.set(agent, number + 1);
    const turns = agent === null ? undefined : script[agent];
    const turn = typeof turns === "function" ? turns(entry, number) : turns?.[number];
    const isClaude = path.startsWith("/v1/messages");
    if (turn === undefined || (!isClaude && path !== "/api/chat")) {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: `no turn ${number} of ${agent ?? "nobody"} at ${path}` }));
      return;
    }
    if (turn.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, turn.delayMs));
    if (turn.cutAfter === 0) response.destroy();
    else if (turn.status !== undefined) {
      response.writeHead(turn.status, { "content-type": "application/json", ...turn.headers });
      response.end(turn.body ?? JSON.stringify({ error: { type: "error", message: "scripted" } }));
    } else {
      const type = isClaude ? "text/event-stream" : "application/x-ndjson";
      response.writeHead(200, { "content-type": type });
      await write(
        response,
        turn,
        isClaude ? claudeEvents(turn, body, requests.length) : ollamaLines(turn, body),
      );
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    requests,
    claude: (model = "claude-sonnet-5-5") => ({ Claude: { model, max_tokens: 8192 } }),
    ollama: (model = "scripted") => ({ Ollama: { model, endpoint: url } }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
