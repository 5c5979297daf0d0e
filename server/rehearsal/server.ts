import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { chooseScript, type Position, type RehearsalScript, type Turn, turnAt } from "./script.ts";
import { describeProblems } from "../../schemas/problems.ts";

/** The model's name wherever one is shown, so that it is not taken for a real one. */
export const REHEARSAL_MODEL = "rehearsal";

const CONTEXT_LENGTH = 131_072;

const ChatMessage = z.object({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: z.string().default(""),
});
const ChatRequest = z.object({
  model: z.string(),
  messages: z.array(ChatMessage),
  stream: z.boolean().default(true),
});
type ChatRequest = z.infer<typeof ChatRequest>;

/** A raw chat request, for tests and measurements. */
export interface ChatRecord {
  /** Milliseconds of `performance.now()`: when the whole request was there, and the answer sent. */
  received_at: number;
  answered_at: number | null;
  position: Position | null;
  /** The body as it was sent. */
  body: string;
}

export interface RehearsalServer {
  /** `http://127.0.0.1:PORT`: the `endpoint` of an Ollama provider. */
  endpoint: string;
  /** Chat requests so far, oldest first. */
  requests: readonly ChatRecord[];
  /** Ends open answers and frees the port. */
  close(): Promise<void>;
}

/**
 * A model server that speaks Ollama's protocol on loopback (`/api/chat`, `tags`, `show`, `ps`,
 * `version`) and answers from its scripts: see {@link RehearsalScript}. Where they have no answer it
 * refuses with status 400 and says which one is missing.
 */
export const startRehearsal = async (
  scripts: readonly RehearsalScript[],
  { port = 0 }: { port?: number } = {},
): Promise<RehearsalServer> => {
  const requests: ChatRecord[] = [];
  const server = createServer((request, response) => {
    answer(scripts, requests, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, 500, error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  // A TCP server's address is an AddressInfo; the other forms are those of pipes.
  const { port: bound } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${bound}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};

const answer = async (
  scripts: readonly RehearsalScript[],
  requests: ChatRecord[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const route = `${request.method ?? ""} ${request.url ?? ""}`;
  switch (route) {
    case "POST /api/chat":
      chat(scripts, requests, await text(request), response);
      return;
    case "POST /api/show":
      sendJson(response, shownModel);
      return;
    case "GET /api/tags":
    case "GET /api/ps":
      sendJson(response, { models: [listedModel] });
      return;
    case "GET /api/version":
      sendJson(response, { version: "0.0.0-rehearsal" });
      return;
    case "GET /":
    case "HEAD /":
      response.end("Ollama is running (rehearsal)");
      return;
    default:
      sendError(response, 404, "404 page not found");
  }
};

const chat = (
  scripts: readonly RehearsalScript[],
  requests: ChatRecord[],
  body: string,
  response: ServerResponse,
): void => {
  const record: ChatRecord = { received_at: performance.now(), answered_at: null, position: null, body };
  requests.push(record);
  const request = ChatRequest.safeParse(parseJson(body));
  if (!request.success) {
    sendError(response, 400, describeProblems(request.error));
    return;
  }
  if (request.data.model.replace(/:latest$/, "") !== REHEARSAL_MODEL) {
    sendError(response, 404, `model '${request.data.model}' not found`);
    return;
  }
  const position = positionOf(request.data);
  record.position = position;
  const prompt = request.data.messages.find((message) => message.role === "user")?.content ?? "";
  const script = chooseScript(scripts, prompt, position);
  const turn = script === undefined ? null : turnAt(script, position);
  if (turn === null) {
    const { agent, stage, round, turn: number } = position;
    const place = `${stage === null ? agent : `${agent}/${stage}`}, round ${round}, turn ${number}`;
    sendError(response, 400, `the rehearsal's script has no answer for ${place}`);
    return;
  }
  const chunks = chunksOf(turn, request.data, body);
  if (request.data.stream) {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    for (const chunk of chunks) response.write(`${JSON.stringify(chunk)}\n`);
    response.end();
  } else {
    sendJson(response, wholeAnswer(turn, chunks));
  }
  record.answered_at = performance.now();
};

/** The place of a conversation in the script. Every part of it is read from the request. */
const positionOf = ({ messages }: Pick<ChatRequest, "messages">): Position => {
  const system = messages.find((message) => message.role === "system")?.content ?? "";
  return {
    agent: /^Agent: (\w+)/.exec(system)?.[1] ?? "(no agent named)",
    stage: /^Stage: ([a-z][a-z0-9-]*)$/m.exec(system)?.[1] ?? null,
    round: Number(/^Round: ([1-9]\d*)$/m.exec(system)?.[1] ?? 1),
    turn: messages.filter((message) => message.role === "assistant").length + 1,
  };
};

type Chunk = ReturnType<typeof chunksOf>[number];

/** The answer as Ollama streams it: text word by word, one chunk per tool call, then the counts. */
const chunksOf = (turn: Turn, request: ChatRequest, body: string) => {
  const chunk = (message: object, end: object = { done: false }) => ({
    model: request.model,
    created_at: new Date().toISOString(),
    message: { role: "assistant", content: "", ...message },
    ...end,
  });
  const words = turn.text.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
  return [
    ...words.map((word) => chunk({ content: word })),
    ...turn.tool_calls.map((call) =>
      chunk({ tool_calls: [{ function: { name: call.tool, arguments: call.arguments } }] }),
    ),
    chunk(
      {},
      {
        done: true,
        done_reason: "stop",
        total_duration: 1,
        load_duration: 1,
        prompt_eval_count: tokens(body),
        prompt_eval_duration: 1,
        eval_count: tokens(JSON.stringify(turn)),
        eval_duration: 1,
      },
    ),
  ];
};

const wholeAnswer = (turn: Turn, chunks: readonly Chunk[]) => ({
  ...chunks.at(-1),
  message: {
    role: "assistant",
    content: turn.text,
    ...(turn.tool_calls.length > 0 && {
      tool_calls: turn.tool_calls.map((call) => ({
        function: { name: call.tool, arguments: call.arguments },
      })),
    }),
  },
});

/** There is no tokenizer here: the usual four characters a token of English and code. */
const tokens = (counted: string): number => Math.ceil(counted.length / 4);

const details = {
  format: "script",
  family: REHEARSAL_MODEL,
  parameter_size: "0",
  quantization_level: "none",
};
const listedModel = {
  name: REHEARSAL_MODEL,
  model: REHEARSAL_MODEL,
  modified_at: "2026-01-01T00:00:00Z",
  size: 0,
  digest: "",
  details,
};
const shownModel = {
  details,
  model_info: {
    "general.architecture": REHEARSAL_MODEL,
    [`${REHEARSAL_MODEL}.context_length`]: CONTEXT_LENGTH,
  },
  capabilities: ["completion", "tools"],
};

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const sendJson = (response: ServerResponse, body: object): void => {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(body));
};

const sendError = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify({ error: message }));
};
