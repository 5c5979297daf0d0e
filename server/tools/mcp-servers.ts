import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema, type Tool } from "@modelcontextprotocol/sdk/types.js";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { McpServerConfig } from "../../schemas/mcp.ts";
import type { Json } from "../../schemas/primitives.ts";
import type { CheckedFetch } from "./checked-fetch.ts";
import { resolveSecrets } from "./secrets.ts";
import type { ServerSandbox } from "./server-sandbox.ts";
import type { ToolAnswer } from "./tools-api.ts";

/** How long a server may take to start and list its tools, and how many tools are taken. */
const START_MILLISECONDS = 10_000;
/** After a failed start, it is left alone for this long: no stage has to wait for it again. */
const PAUSE_MILLISECONDS = 60_000;
const MOST_TOOLS = 500;

export interface McpParts {
  sandbox: ServerSandbox;
  checked: CheckedFetch;
  environment: NodeJS.ProcessEnv;
  version: string;
}

interface Connected {
  client: Client;
  tools: readonly Tool[];
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

  /** Calls a tool. Errors: `tool_server_failed`, `cancelled`. */
  async call(
    tool: string,
    input: Readonly<Record<string, Json>>,
    signal: AbortSignal,
    milliseconds: number,
  ): Promise<ToolAnswer> {
    const { client } = await this.#connection();
    try {
      const raw = await client.callTool({ name: tool, arguments: input }, CallToolResultSchema, {
        signal,
        timeout: milliseconds,
        resetTimeoutOnProgress: true,
        maxTotalTimeout: milliseconds,
      });
      const { content, isError } = CallToolResultSchema.parse(raw);
      return { content: content.map(textOf).join("\n"), is_error: isError === true };
    } catch (error) {
      if (signal.aborted) throw fail("cancelled", { what: `The tool ${tool}` }, { cause: error });
      throw this.#failed(error);
    }
  }

  async close(): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined);
    this.#connected = undefined;
    await connected?.client.close();
  }

  #connection(): Promise<Connected> {
    const failed = this.#failedStart;
    if (failed !== undefined && performance.now() - failed.at < PAUSE_MILLISECONDS)
      return Promise.reject(failed.error);
    this.#connected ??= this.#connect().catch((error: unknown) => {
      this.#connected = undefined;
      this.#failedStart = { at: performance.now(), error: this.#failed(error) };
      throw this.#failedStart.error;
    });
    return this.#connected;
  }

  async #connect(): Promise<Connected> {
    const client = new Client({ name: "coditect", version: this.#parts.version });
    client.onclose = () => {
      this.#connected = undefined;
    };
    const options = { timeout: START_MILLISECONDS };
    try {
      await client.connect(await this.#transport(), options);
      const tools: Tool[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.listTools(cursor === undefined ? {} : { cursor }, options);
        tools.push(...page.tools);
        cursor = page.nextCursor;
      } while (cursor !== undefined && tools.length < MOST_TOOLS);
      return { client, tools: tools.slice(0, MOST_TOOLS) };
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  async #transport(): Promise<Transport> {
    const { checked, environment, sandbox } = this.#parts;
    const config = this.#config;
    if ("url" in config) {
      const transport = new StreamableHTTPClientTransport(new URL(config.url), {
        requestInit: { headers: resolveSecrets(config.headers, environment) },
        // undici's fetch is the one that Node has built in; only its types are others.
        fetch: checked.fetch as unknown as typeof globalThis.fetch,
      });
      // The SDK declares the session id of this class and of the interface differently.
      return transport;
    }
    const { command, args, env, folder } = await sandbox.command(
      config,
      resolveSecrets(config.env, environment),
    );
    // What a server prints on standard error is its own log; the runtime keeps none of it.
    return new StdioClientTransport({ command, args, env, cwd: folder, stderr: "ignore" });
  }

  #failed(error: unknown): CoditectError {
    if (error instanceof CoditectError) return error;
    const cause = error instanceof Error && error.cause instanceof CoditectError ? error.cause : null;
    if (cause !== null) return cause;
    const reason = error instanceof Error ? error.message : String(error);
    return fail("tool_server_failed", { server: this.#name, reason }, { cause: error });
  }
}

type Part = (typeof CallToolResultSchema)["_output"]["content"][number];

/** What of a result a model can read. */
const textOf = (part: Part): string => {
  switch (part.type) {
    case "text":
      return part.text;
    case "resource":
      return "text" in part.resource ? part.resource.text : `[binary resource ${part.resource.uri}]`;
    case "resource_link":
      return `[resource ${part.uri}]`;
    default:
      return `[${part.type}, ${part.mimeType}]`;
  }
};
