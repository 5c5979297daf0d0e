import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AgentType, type AIProvider } from "../schemas/agent.ts";
import {
  claudeProtocol,
  geminiProtocol,
  huggingFaceProtocol,
  ollamaProtocol,
  protocols,
  type Turn,
} from "./model-protocols.ts";

export type { Turn };

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
  /** `http://127.0.0.1:PORT`; also the base address of Claude, Gemini and Hugging Face. */
  readonly url: string;
  readonly requests: JournalEntry[];
  claude(model?: string): AIProvider;
  gemini(model?: string): AIProvider;
  ollama(model?: string): AIProvider;
  huggingface(model?: string): AIProvider;
  close(): Promise<void>;
}

/** A server on a free loopback port, gone with all its connections after `close`. */
export const listen = async (
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ url: string; close(): Promise<void> }> => {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

export const readBody = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer); // Streams of HTTP give buffers.
  const text = Buffer.concat(pieces).toString("utf8");
  const parsed: unknown = text === "" ? {} : JSON.parse(text);
  return { ...Object(parsed) } as Record<string, unknown>; // A JSON object by the protocols.
};

/** The agent is named by the first line of the system message, whatever the protocol calls that. */
const agentOf = (body: Record<string, unknown>): AgentType | null => {
  const name = /Agent: (\w+)/.exec(JSON.stringify(body))?.[1];
  return AgentType.safeParse(name).data ?? null;
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
 * A scripted model that speaks the streaming protocols of all four providers on one loopback port.
 * Each request of an agent takes its next turn; a request without a turn is refused with what was
 * asked.
 */
export const startModelServer = async (script: Script): Promise<ModelServer> => {
  const requests: JournalEntry[] = [];
  const asked = new Map<AgentType | null, number>();

  const server = await listen(async (request, response) => {
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
    const protocol = protocols.find((candidate) => candidate.asks(path));
    if (turn === undefined || protocol === undefined) {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: `no turn ${number} of ${agent ?? "nobody"} at ${path}` }));
      return;
    }
    if (turn.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, turn.delayMs));
    if (turn.cutAfter === 0) response.destroy();
    else if (turn.status !== undefined) {
      response.writeHead(turn.status, { "content-type": "application/json", ...turn.headers });
      response.end(turn.body ?? protocol.error(turn.status, "scripted"));
    } else {
      response.writeHead(200, { "content-type": protocol.contentType });
      await write(response, turn, protocol.events(turn, body, requests.length));
    }
  });

  const { url } = server;
  return {
    url,
    requests,
    claude: (model) => claudeProtocol.provider(url, model),
    gemini: (model) => geminiProtocol.provider(url, model),
    ollama: (model) => ollamaProtocol.provider(url, model),
    huggingface: (model) => huggingFaceProtocol.provider(url, model),
    close: () => server.close(),
  };
};
