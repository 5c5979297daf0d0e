import { randomUUID } from "node:crypto";
import {
  agent,
  type AgentApp,
  type AgentContext,
  type AuthMethod,
  type ClientCapabilities,
  type ElicitationCapabilities,
  type LoadSessionRequest,
  methods,
  type NewSessionRequest,
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

/** Offers the slash commands. A client knows a new session only once it has the answer. */
const offerCommands = (sessionId: string, client: AgentContext): void => {
  setImmediate(() => {
    const update = { sessionUpdate: "available_commands_update" as const, availableCommands };
    client.notify(methods.client.session.update, { sessionId, update }).catch(() => undefined);
  });
};

/** The editor starts the agent's own command with these arguments in a terminal. */
const setup: AuthMethod = {
  type: "terminal",
  id: "setup",
  name: "Set up a model",
  description: "Choose the model that the teams ask, and enter its key.",
  args: ["--setup"],
};

/** Whether an editor can start the agent in a terminal. Earlier editors, and the registry of agents, say so in `_meta`. */
const hasTerminal = (client: ClientCapabilities | undefined): boolean =>
  client?.auth?.terminal === true || client?._meta?.["terminal-auth"] === true;

/** The runtime as an ACP agent: a session is a folder, a prompt runs a team. */
export class AcpAgent {
  readonly app: AgentApp;
  readonly #sessions = new Map<string, AcpSession>();
  /** The kinds of questions that the editor can show. Null: none. */
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
          agentCapabilities: { loadSession: true, promptCapabilities: { embeddedContext: true } },
          authMethods: hasTerminal(params.clientCapabilities) ? [setup] : [],
        };
      })
      .onRequest(methods.agent.session.new, ({ params, client }) => {
        const sessionId = randomUUID();
        this.#add(sessionId, params);
        offerCommands(sessionId, client);
        return { sessionId };
      })
      .onRequest(methods.agent.session.load, async ({ params, client }) => {
        await this.#load(params, client);
        offerCommands(params.sessionId, client);
        return {};
      })
      .onRequest(methods.agent.session.prompt, ({ params, client }) =>
        this.#session(params.sessionId).prompt(params, client),
      )
      .onNotification(methods.agent.session.cancel, ({ params }) => {
        this.#session(params.sessionId).cancel();
      });
  }

  /** Cancels active runs and closes the runtimes of all sessions. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  #add(id: string, { cwd }: Pick<NewSessionRequest, "cwd">): AcpSession {
    const session = new AcpSession({ id, can: this.#elicitation }, cwd, () => this.#open(cwd));
    this.#sessions.set(id, session);
    return session;
  }

  /** A session that this process has, or one of an earlier process that the workspace has runs of. */
  async #load({ sessionId, cwd }: LoadSessionRequest, client: AgentContext): Promise<void> {
    const known = this.#sessions.get(sessionId);
    const session = known ?? this.#add(sessionId, { cwd });
    if ((await session.showAgain(client)) > 0 || known !== undefined) return;
    this.#sessions.delete(sessionId);
    await session.close();
    throw RequestError.resourceNotFound(sessionId);
  }

  #session(id: string): AcpSession {
    const session = this.#sessions.get(id);
    if (session === undefined) throw RequestError.resourceNotFound(id);
    return session;
  }
}
