import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Client,
  type Prompt,
  type Resource,
  type Tool,
  UrlElicitationRequiredError,
} from "@modelcontextprotocol/client";
import { type CoditectError, fail } from "../../schemas/errors.ts";
import type { McpServerConfig } from "../../schemas/mcp.ts";
import type { Json } from "../../schemas/primitives.ts";
import { callOnce, textOf } from "./call-once.ts";
import { CallUnderWay } from "./call-under-way.ts";
import { type Connected, connectTo, type McpParts, ownErrorIn } from "./mcp-connection.ts";
import { allPages } from "./pages.ts";
import type { AskUser, ToolAnswer } from "./tools-api.ts";

/** After a failed start, the runtime does not try again for this long, so that stages do not wait for it. */
const PAUSE_MILLISECONDS = 60_000;
/** The maximum number of resources or prompts that CODITECT uses from a server. */
const MOST_LISTED = 200;

/**
 * One MCP server. It starts when its tools are first needed, and restarts after it died. Documents: "Tool
 * Integration", `ToolHandler::External`.
 */
export class McpServer {
  readonly #name: string;
  readonly #config: McpServerConfig;
  readonly #parts: McpParts;
  #connected: Promise<Connected> | undefined;
  readonly #calls = new Set<CallUnderWay>();
  /** The call whose answer is being read. */
  readonly #own = new AsyncLocalStorage<CallUnderWay>();
  #failedStart: { at: number; error: CoditectError } | undefined;

  constructor(name: string, config: McpServerConfig, parts: McpParts) {
    this.#name = name;
    this.#config = config;
    this.#parts = parts;
  }

  /** The tools that the server offers, in its own order. Errors: `tool_server_failed`. */
  async tools(): Promise<readonly Tool[]> {
    return (await this.#connection()).tools;
  }

  /** Whether some of its tools are left out, because there are too many. Errors: `tool_server_failed`. */
  async hasMoreTools(): Promise<boolean> {
    return (await this.#connection()).hasMore;
  }

  /** Whether it has resources in addition to tools. Errors: `tool_server_failed`. */
  async hasResources(): Promise<boolean> {
    return (await this.#connection()).client.getServerCapabilities()?.resources !== undefined;
  }

  /** Whether it has prompts. Errors: `tool_server_failed`. */
  async hasPrompts(): Promise<boolean> {
    return (await this.#connection()).client.getServerCapabilities()?.prompts !== undefined;
  }

  /** The resources that the server lists, without templates. Errors: `tool_server_failed`, `cancelled`. */
  async resources(signal: AbortSignal): Promise<Pick<Resource, "uri" | "name" | "description">[]> {
    return this.#ask("The list of resources", signal, async ({ client }) => {
      const { items } = await allPages(MOST_LISTED, async (cursor) => {
        const request = { method: "resources/list" as const, params: cursor };
        const { resources, nextCursor } = await client.request(request, { signal });
        return { items: resources, nextCursor };
      });
      return items.map(({ uri, name, description }) => ({ uri, name, description }));
    });
  }

  /** The prompts that the server lists. Errors: `tool_server_failed`, `cancelled`. */
  async prompts(signal: AbortSignal): Promise<Pick<Prompt, "name" | "description" | "arguments">[]> {
    return this.#ask("The list of prompts", signal, async ({ client }) => {
      const { items } = await allPages(MOST_LISTED, async (cursor) => {
        const request = { method: "prompts/list" as const, params: cursor };
        const { prompts, nextCursor } = await client.request(request, { signal });
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
   * Calls a tool. `ask`: answers questions of the server to the user during the call. `milliseconds`: how
   * long the server may send nothing. Errors: `tool_server_failed`, `cancelled`.
   */
  async call(
    tool: string,
    input: Readonly<Record<string, Json>>,
    ask: AskUser | null,
    signal: AbortSignal,
    milliseconds: number,
  ): Promise<ToolAnswer> {
    return this.#ask(`The tool ${tool}`, signal, async ({ client, tools }) => {
      const listed = tools.find(({ name }) => name === tool);
      if (listed === undefined) throw new Error(`it has no tool ${tool}`);
      const call = new CallUnderWay(this.#name, ask, signal, milliseconds);
      this.#calls.add(call);
      try {
        return await this.#own.run(call, () => this.#callAfterPages(client, listed, input, call));
      } finally {
        this.#calls.delete(call);
        call.end();
      }
    });
  }

  /** Calls a tool. Calls it again if the user first had to open pages and did. */
  async #callAfterPages(
    client: Client,
    tool: Tool,
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

  #connect(): Promise<Connected> {
    return connectTo(this.#name, this.#config, this.#parts, {
      onQuestion: async (question, withdrawn) => {
        // Over HTTP, a question arrives in the answer to its call.
        const own = this.#own.getStore();
        if (own !== undefined) return own.elicit(question, withdrawn);
        // On standard streams, protocols before 2026-07-28 do not say which call a question belongs to. The oldest
        // call that may ask shows it, and the user reads that it may belong to another one.
        const call = [...this.#calls].find(({ mayAsk }) => mayAsk);
        return call?.elicit(question, withdrawn, this.#calls.size) ?? { action: "decline" };
      },
      onClose: () => {
        this.#connected = undefined;
      },
    });
  }

  /** `problem`: what the server did. It is more specific than the error of the call. */
  #failed(error: unknown, problem: string | null = null): CoditectError {
    const known = ownErrorIn(error);
    if (known !== null) return known;
    const reason = problem ?? (error instanceof Error ? error.message : String(error));
    return fail("tool_server_failed", { server: this.#name, reason }, { cause: error });
  }
}
