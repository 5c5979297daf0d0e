import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { loadScript, RehearsalScript } from "../../server/rehearsal/script.ts";
import { startRehearsal, type RehearsalServer } from "../../server/rehearsal/server.ts";
import { shortScript } from "../support/short-team.ts";
import { root } from "./parts.ts";

const listen = async (server: Server): Promise<string> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server's address is an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
};

const end = async (server: Server): Promise<void> => {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
};

/** The rehearsal's model behind a door: while it is held, whoever asks waits for the answer. */
export interface HeldModel {
  endpoint: string;
  requests: RehearsalServer["requests"];
  /** Closes the door, after so many more requests were let in. */
  hold(after?: number): void;
  /** Resolves when a request waits at the door. */
  waiting(): Promise<void>;
  release(): void;
  close(): Promise<void>;
}

/** The task of a run whose first agent asks for a program. */
export const ASKING_TASK = "Look at the manifest first.";

const askingScript: RehearsalScript = RehearsalScript.parse({
  description: "An agent asks for a program.",
  task: ASKING_TASK,
  file: "src/bill.js",
  agents: {
    TestWriter: [
      { tool_calls: [{ tool: "run_command", arguments: { command: "cat", args: ["package.json"] } }] },
      { tool_calls: [{ tool: "finish", arguments: { summary: "Seen.", confidence: 1, completeness: 1 } }] },
    ],
  },
});

export const startHeldModel = async (): Promise<HeldModel> => {
  const script = await loadScript(join(root, "media", "rehearsal", "tdd.json"));
  // The script that knows a stage by its name goes before those that know an agent.
  const model = await startRehearsal([shortScript(script), script, askingScript]);
  let door: PromiseWithResolvers<undefined> | null = null;
  let knock = Promise.withResolvers<undefined>();
  let letIn = 0;

  const forward = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (door !== null && incoming.url === "/api/chat" && letIn-- <= 0) {
      knock.resolve(undefined);
      await door.promise;
    }
    const { method, headers, url } = incoming;
    const outgoing = request(`${model.endpoint}${url ?? ""}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  };
  const server = createServer((incoming, response) => void forward(incoming, response));
  const release = () => {
    door?.resolve(undefined);
    door = null;
    knock = Promise.withResolvers();
  };
  return {
    endpoint: await listen(server),
    requests: model.requests,
    hold: (after = 0) => {
      letIn = after;
      door = Promise.withResolvers();
    },
    waiting: async () => {
      await knock.promise;
    },
    release,
    close: async () => {
      release();
      await end(server);
      await model.close();
    },
  };
};

/** Settings that let every agent ask this model. */
export const throughModel = ({ endpoint }: HeldModel): Record<string, unknown> => ({
  "coditect.model.provider": "Ollama",
  "coditect.model.name": "rehearsal",
  "coditect.model.ollamaEndpoint": endpoint,
});

/** Claude's list of models, for whoever shows the right key. */
export const startKeyedProvider = async (
  key: string,
): Promise<{ endpoint: string; close: () => Promise<void> }> => {
  const server = createServer((incoming, response) => {
    const { authorization, "x-api-key": header } = incoming.headers;
    const accepted = authorization === `Bearer ${key}` || header === key;
    response.writeHead(accepted ? 200 : 401, { "content-type": "application/json" });
    const models = [
      { type: "model", id: "claude-sonnet-4-5", display_name: "Claude", created_at: "2025-09-29T00:00:00Z" },
    ];
    const refusal = { type: "error", error: { type: "authentication_error", message: "invalid x-api-key" } };
    response.end(
      JSON.stringify(
        accepted
          ? { data: models, has_more: false, first_id: models[0]?.id, last_id: models[0]?.id }
          : refusal,
      ),
    );
  });
  return { endpoint: await listen(server), close: () => end(server) };
};
