import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import {
  ElicitRequestSchema,
  ErrorCode,
  McpError,
  type Prompt,
  type Resource,
  type Tool,
  UrlElicitationRequiredError,
} from "@modelcontextprotocol/sdk/types.js";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { McpServerConfig } from "../../schemas/mcp.ts";
import type { Json } from "../../schemas/primitives.ts";
import { callOnce, textOf } from "./call-once.ts";
import { CallUnderWay } from "./call-under-way.ts";
import type { CheckedFetch } from "./checked-fetch.ts";
import { limitedFetch } from "./limited-fetch.ts";
import { refreshesOf } from "./oauth/refreshes.ts";
import { ServerLogin, usesOAuth } from "./oauth/server-login.ts";
import { resolveSecrets, type SecretTexts } from "./secrets.ts";
import { serverSchemas } from "./schema-checks.ts";
import { watchMessages } from "./message-watch.ts";
import { allPages } from "./pages.ts";
import type { ServerSandbox } from "./server-sandbox.ts";
import { StdioTransport } from "./stdio-transport.ts";
import type { AskUser, ToolAnswer } from "./tools-api.ts";

/** How long a server may take to start and to list its tools, unless `startMilliseconds` says otherwise. */
const START_MILLISECONDS = 10_000;
/** After a failed start, it is left alone for this long: no stage has to wait for it again. */
const PAUSE_MILLISECONDS = 60_000;
/** How many tools of a server are taken, and how many resources or prompts. */
const MOST_TOOLS = 500;
const MOST_LISTED = 200;

export interface McpParts {
  sandbox: ServerSandbox;
  checked: CheckedFetch;
  environment: NodeJS.ProcessEnv;
  /** Where logins are stored. */
  secrets: SecretTexts;
  version: string;
  startMilliseconds?: number | undefined;
}

interface Connected {
  client: Client;
  tools: readonly Tool[];
  /** Whether it has more tools than are taken. */
  hasMore: boolean;
  /** Why the connection ended, where the server is at fault; null: it has not. */
  problem(): string | null;
}

/**
 * One MCP server: started when its tools are first needed, started again after it died. Documents:
 * "Tool Integration", `ToolHandler::External`.
 */
export class McpServer {
  readonly #name: string;
  readonly #config: McpServerConfig;
  readonly #parts: McpParts;
  #connected: Promise<Connected> | undefined;
  readonly #calls = new Set<CallUnderWay>();
  #failedStart: { at: number; error: CoditectError } | undefined;

  constructor(name: string, config: McpServerConfig, parts: McpParts) {
    this.#name = name;
    this.#config = config;
    this.#parts = parts;
  }

  /** The tools it offers, in its own order. Errors: `tool_server_failed`. */
  async tools(): Promise<readonly Tool[]> {
    return (await this.#connection()).tools;
  }

  /** Whether some of its tools are left out, because there are too many. Errors: `tool_server_failed`. */
  async hasMoreTools(): Promise<boolean> {
    return (await this.#connection()).hasMore;
  }

  /** Whether it has resources besides its tools. Errors: `tool_server_failed`. */
  async hasResources(): Promise<boolean> {
    return (await this.#connection()).client.getServerCapabilities()?.resources !== undefined;
  }

  /** Whether it has prompts. Errors: `tool_server_failed`. */
  async hasPrompts(): Promise<boolean> {
    return (await this.#connection()).client.getServerCapabilities()?.prompts !== undefined;
  }

  /** The resources it lists; templates are not listed. Errors: `tool_server_failed`, `cancelled`. */
  async resources(signal: AbortSignal): Promise<Pick<Resource, "uri" | "name" | "description">[]> {
    return this.#ask("The list of resources", signal, async ({ client }) => {
      const { items } = await allPages(MOST_LISTED, async (cursor) => {
        const { resources, nextCursor } = await client.listResources(cursor, { signal });
        return { items: resources, nextCursor };
      });
      return items.map(({ uri, name, description }) => ({ uri, name, description }));
    });
  }

  /** The prompts it lists. Errors: `tool_server_failed`, `cancelled`. */
  async prompts(signal: AbortSignal): Promise<Pick<Prompt, "name" | "description" | "arguments">[]> {
    return this.#ask("The list of prompts", signal, async ({ client }) => {
      const { items } = await allPages(MOST_LISTED, async (cursor) => {
        const { prompts, nextCursor } = await client.listPrompts(cursor, { signal });
        return { items: prompts, nextCursor };
      });
      return items.map(({ name, description, arguments: values }) => ({
        name,
        description,
        arguments: values,
      }));
    });
  }

  /** A prompt with its arguments filled in, as text. Errors: `tool_server_failed`, `cancelled`. */
  async prompt(name: string, values: Record<string, string>, signal: AbortSignal): Promise<ToolAnswer> {
    return this.#ask(`The prompt ${name}`, signal, async ({ client }) => {
      const { messages } = await client.getPrompt({ name, arguments: values }, { signal });
      return { content: messages.map(({ content }) => textOf(content)).join("\n"), is_error: false };
    });
  }

  /** Reads a resource. Errors: `tool_server_failed`, `cancelled`. */
  async readResource(uri: string, signal: AbortSignal): Promise<ToolAnswer> {
    return this.#ask(`The resource ${uri}`, signal, async ({ client }) => {
      const { contents } = await client.readResource({ uri }, { signal });
      const texts = contents.map((part) => ("text" in part ? part.text : `[binary resource ${part.uri}]`));
      return { content: texts.join("\n"), is_error: false };
    });
  }

  /**
   * Calls a tool. `ask`: answers what the server asks the user meanwhile; `milliseconds`: how long the
   * server may be silent. Errors: `tool_server_failed`, `cancelled`.
   */
  async call(
    tool: string,
    input: Readonly<Record<string, Json>>,
    ask: AskUser | null,
    signal: AbortSignal,
    milliseconds: number,
  ): Promise<ToolAnswer> {
    return this.#ask(`The tool ${tool}`, signal, async ({ client }) => {
      const call = new CallUnderWay(this.#name, ask, signal, milliseconds);
      this.#calls.add(call);
      try {
        return await this.#callAfterPages(client, tool, input, call);
      } finally {
        this.#calls.delete(call);
        call.end();
      }
    });
  }

  /** Calls a tool, and once more where the user had to open pages first and did. */
  async #callAfterPages(
    client: Client,
    tool: string,
    input: Readonly<Record<string, Json>>,
    call: CallUnderWay,
  ): Promise<ToolAnswer> {
    try {
      return await callOnce(client, tool, input, call);
    } catch (error) {
      if (!(error instanceof UrlElicitationRequiredError)) throw error;
      for (const page of error.elicitations) {
        const { action } = await call.elicit(page, call.signal);
        if (action !== "accept") throw error;
      }
      return callOnce(client, tool, input, call);
    }
  }

  async close(): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined);
    this.#connected = undefined;
    await connected?.client.close();
  }

  async #ask<Answer>(
    what: string,
    signal: AbortSignal,
    work: (connected: Connected) => Promise<Answer>,
  ): Promise<Answer> {
    const connected = await this.#connection();
    try {
      return await work(connected);
    } catch (error) {
      if (signal.aborted) throw fail("cancelled", { what }, { cause: error });
      throw this.#failed(error, connected.problem());
    }
  }

  #connection(): Promise<Connected> {
    const failed = this.#failedStart;
    if (failed !== undefined && performance.now() - failed.at < PAUSE_MILLISECONDS)
      return Promise.reject(failed.error);
    this.#connected ??= this.#connect().catch((error: unknown) => {
      this.#connected = undefined;
      const failed = this.#failed(error);
      // The user may log in at any time. Until then, no requests are sent to the server.
      if (failed.code !== "tool_server_login") this.#failedStart = { at: performance.now(), error: failed };
      throw failed;
    });
    return this.#connected;
  }

  async #connect(): Promise<Connected> {
    const client = new Client(
      { name: "coditect", version: this.#parts.version },
      {
        capabilities: { elicitation: { form: {}, url: {} } },
        // By its own, the SDK would run a server's patterns on the server's texts.
        jsonSchemaValidator: new AjvJsonSchemaValidator(serverSchemas()),
      },
    );
    client.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) => {
      // The protocol does not say which call a question belongs to: it is the oldest that may ask.
      const call = [...this.#calls].find(({ mayAsk }) => mayAsk);
      return call?.elicit(params, signal) ?? { action: "decline" as const };
    });
    client.onclose = () => {
      this.#connected = undefined;
    };
    const transport = await this.#transport();
    let found: string | null = null;
    const problem = () => (transport instanceof StdioTransport ? transport.problem : found);
    watchMessages(transport, (reason) => {
      found = reason;
      if (transport instanceof StdioTransport) transport.end(reason);
      else void transport.close();
    });
    const timeout = this.#parts.startMilliseconds ?? START_MILLISECONDS;
    // One deadline over all requests: a list of tools may have many pages.
    const options = { timeout, signal: AbortSignal.timeout(timeout) };
    try {
      await client.connect(transport, options);
      // A server may have resources alone.
      const hasTools = client.getServerCapabilities()?.tools !== undefined;
      const { items, hasMore } = await allPages(hasTools ? MOST_TOOLS : 0, async (cursor) => {
        const { tools, nextCursor } = await client.listTools(cursor, options);
        return { items: tools, nextCursor };
      });
      return { client, tools: items, hasMore, problem };
    } catch (error) {
      const reason = problem() ?? (isTimeout(error) ? notInTime(timeout) : null);
      await client.close();
      throw this.#failed(error, reason);
    }
  }

  async #transport(): Promise<Transport | StdioTransport> {
    const { checked, environment, sandbox, secrets } = this.#parts;
    const config = this.#config;
    if ("url" in config) {
      const transport = new StreamableHTTPClientTransport(new URL(config.url), {
        requestInit: { headers: resolveSecrets(config.headers, environment) },
        fetch: refreshesOf(secrets).through(limitedFetch(checked)),
        ...(usesOAuth(config) && {
          authProvider: new ServerLogin({ server: this.#name, config, secrets, environment }),
        }),
      });
      // The SDK declares the session id of this class and of the interface differently.
      return transport;
    }
    return new StdioTransport(await sandbox.command(config, resolveSecrets(config.env, environment)));
  }

  /** `problem`: what the server did; it says more than how the call failed. */
  #failed(error: unknown, problem: string | null = null): CoditectError {
    if (error instanceof CoditectError) return error;
    const cause = error instanceof Error && error.cause instanceof CoditectError ? error.cause : null;
    if (cause !== null) return cause;
    const reason = problem ?? (error instanceof Error ? error.message : String(error));
    return fail("tool_server_failed", { server: this.#name, reason }, { cause: error });
  }
}

const REQUEST_TIMEOUT: number = ErrorCode.RequestTimeout;

const isTimeout = (error: unknown): boolean =>
  (error instanceof McpError && error.code === REQUEST_TIMEOUT) ||
  (error instanceof DOMException && error.name === "TimeoutError");

const notInTime = (milliseconds: number): string =>
  `it did not start and list its tools within ${milliseconds / 1000} seconds`;
