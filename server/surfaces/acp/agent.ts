import { randomUUID } from "node:crypto";
import {
  agent,
  type AgentApp,
  type ElicitationCapabilities,
  methods,
  type NewSessionRequest,
  type NewSessionResponse,
  PROTOCOL_VERSION,
  RequestError,
} from "@agentclientprotocol/sdk";
import { type AcpRuntime, AcpSession } from "./session.ts";
import { slashCommands } from "./request.ts";

const availableCommands = slashCommands.map(({ name, description, hint }) => ({
  name,
  description,
  input: { hint },
}));

/** The runtime as an ACP agent: a session is a folder, a prompt runs a team. */
export class AcpAgent {
  readonly app: AgentApp;
  readonly #sessions = new Map<string, AcpSession>();
  /** Which questions the editor can show; null: none. */
  #elicitation: ElicitationCapabilities | null = null;
  readonly #open: (workspace: string) => Promise<AcpRuntime>;

  constructor(open: (workspace: string) => Promise<AcpRuntime>, version: string) {
    this.#open = open;
    this.app = agent({ name: "coditect" })
      .onRequest(methods.agent.initialize, ({ params }) => {
        this.#elicitation = params.clientCapabilities?.elicitation ?? null;
        return {
          protocolVersion: PROTOCOL_VERSION,
          agentInfo: { name: "coditect", title: "CODITECT Agents", version },
          agentCapabilities: { promptCapabilities: { embeddedContext: true } },
          authMethods: [],
        };
      })
      .onRequest(methods.agent.session.new, ({ params, client }) => {
        const answer = this.#newSession(params);
        // A client knows the session only once it has the answer.
        setImmediate(() => {
          const update = { sessionUpdate: "available_commands_update" as const, availableCommands };
          client.notify(methods.client.session.update, { ...answer, update }).catch(() => undefined);
        });
        return answer;
      })
      .onRequest(methods.agent.session.prompt, ({ params, client }) =>
        this.#session(params.sessionId).prompt(params, client),
      )
      .onNotification(methods.agent.session.cancel, ({ params }) => {
        this.#session(params.sessionId).cancel();
      });
  }

  /** Cancels what runs and closes the runtimes of all sessions. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  #newSession({ cwd }: NewSessionRequest): NewSessionResponse {
    const sessionId = randomUUID();
    this.#sessions.set(
      sessionId,
      new AcpSession({ id: sessionId, can: this.#elicitation }, cwd, () => this.#open(cwd)),
    );
    return { sessionId };
  }

  #session(id: string): AcpSession {
    const session = this.#sessions.get(id);
    if (session === undefined) throw RequestError.resourceNotFound(id);
    return session;
  }
}
