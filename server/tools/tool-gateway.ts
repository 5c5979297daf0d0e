import type { AgentConfig } from "../../schemas/agent.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { McpFile, McpServerConfig } from "../../schemas/mcp.ts";
import type { Json } from "../../schemas/primitives.ts";
import { EDITOR_SERVICE, type ToolDefinition } from "../../schemas/tool-definition.ts";
import { withoutSecrets } from "../workspace/redact.ts";
import { allowedServers } from "./allowed-servers.ts";
import { createCheckedFetch } from "./checked-fetch.ts";
import { LentToolAccess } from "./lent-tool-access.ts";
import { callHttp } from "./http-tool.ts";
import { InputCheck } from "./input-check.ts";
import { LongResults, ResultPart } from "./long-results.ts";
import type { McpParts } from "./mcp-connection.ts";
import { McpServer } from "./mcp-servers.ts";
import { ownTools } from "./own-tools.ts";
import { bestMatches, callFound, CallFound, FindTools, findTools, readResult } from "./runtime-tools.ts";
import { ServedTexts } from "./served-texts.ts";
import { ServerSandbox } from "./server-sandbox.ts";
import { mcpServer, offeredTools } from "./server-tools.ts";
import { ToolPins } from "./tool-pins.ts";
import type { AskUser, ToolAnswer, ToolRequest, Tools, ToolsParts } from "./tools-api.ts";

interface GatewayParts extends McpParts {
  tools: ToolsParts;
}

const CALL_MILLISECONDS = 120_000;
/** Characters of all offers above which tools are found with `find_tools` instead of listed. */
const OFFER_CHARACTERS = 6000;
/**
 * The tools that leave an instance: HTTP services, MCP servers, functions of the runtime. They run in
 * the runtime, so that no key reaches an instance. Documents: "Tool Integration".
 */
class ToolGateway implements Pick<Tools, "offers" | "call" | "close"> {
  readonly #parts: GatewayParts;
  readonly #servers = new Map<string, McpServer>();
  readonly #pins: ToolPins;
  readonly #editor: LentToolAccess;
  readonly #results: LongResults;
  readonly #texts = new ServedTexts((agent) => this.#usable(agent));
  readonly #inputs = new InputCheck();
  /** Answers of tools that only read, by what they call and the input. */
  readonly #readOnly = new Map<string, ToolAnswer>();
  readonly #warned = new Set<string>();
  #configuration: string | null = null;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#pins = new ToolPins(parts.tools.workspace, parts.tools.consents);
    this.#editor = new LentToolAccess(parts.tools, this.#pins, (problem) => {
      this.#warn(problem);
    });
    this.#results = new LongResults(parts.tools.objects);
  }

  /**
   * The external tools of an agent: its own and those of the workspace's MCP servers, once the user
   * has allowed `.coditect/`. A server that fails is logged and left out. Many tools are offered as
   * `find_tools` and `call_tool`, so that a request stays small; tools that a stage lists by name are listed.
   */
  async offers(agent: AgentConfig, only: readonly string[] | null): Promise<ToolDefinition[]> {
    const isWanted = ({ name }: ToolDefinition): boolean => only === null || only.includes(name);
    const all = (await this.#all(agent)).filter(isWanted);
    const reading = (await this.#texts.offers(agent)).filter(isWanted);
    if (all.length + reading.length === 0) return [];
    const size = all.reduce((sum, tool) => sum + JSON.stringify(tool).length, 0);
    const calling = only === null && size > OFFER_CHARACTERS ? [findTools, callFound] : all;
    // An agent's own file may offer a function of the runtime under the function's own name.
    const taken = new Set(calling.map(({ name }) => name));
    return [...calling, ...[...reading, readResult].filter(({ name }) => !taken.has(name))];
  }

  /**
   * Validates the input by the tool's schema, calls it, and shortens what it returns. What the agent
   * can correct is an answer; only `cancelled` is thrown.
   */
  async call(request: ToolRequest): Promise<ToolAnswer> {
    try {
      return await this.#run(request);
    } catch (error) {
      if (request.signal.aborted)
        throw fail("cancelled", { what: `The tool ${request.definition.name}` }, { cause: error });
      const cause = error instanceof Error && error.cause instanceof CoditectError ? error.cause : error;
      // The words of a server may be in the message.
      if (cause instanceof CoditectError) return { content: this.#clean(messageOf(cause)), is_error: true };
      if (isTimeout(error))
        return { content: `${request.definition.name} did not answer in time.`, is_error: true };
      const content = this.#clean(`${request.definition.name} failed: ${String(cause)}`);
      return { content, is_error: true };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    await this.#parts.sandbox.close();
    await this.#parts.checked.close();
  }

  async #run({ definition, agent, input, ask, signal }: ToolRequest): Promise<ToolAnswer> {
    const fields = this.#inputs.fields(definition, input);
    if ("Internal" in definition.handler)
      return this.#runInternal(definition.handler.Internal.function, agent, fields, ask, signal);
    // By what is called: tools of two agents' own files may have one name.
    const key = `${JSON.stringify(definition.handler)} ${JSON.stringify(fields)}`;
    const known = this.#readOnly.get(key);
    if (known !== undefined) return known;
    const kept = await this.#kept(await this.#send(definition, agent, fields, ask, signal));
    if (!kept.is_error && (await this.#onlyReads(definition))) this.#readOnly.set(key, kept);
    return kept;
  }

  #send(
    definition: ToolDefinition,
    agent: AgentConfig,
    fields: Record<string, Json>,
    ask: AskUser | null,
    signal: AbortSignal,
  ): Promise<ToolAnswer> {
    const { handler } = definition;
    if ("Http" in handler) {
      // Only tools that the agent's own file defines are called.
      const own = agent.settings.tool_definitions.find(({ name }) => name === definition.name)?.handler;
      if (own === undefined || !("Http" in own))
        throw fail("not_found", { kind: "tool", id: definition.name });
      const limited = AbortSignal.any([signal, AbortSignal.timeout(CALL_MILLISECONDS)]);
      return callHttp(own.Http, fields, this.#parts.checked, this.#parts, limited);
    }
    if (!("External" in handler)) throw fail("not_found", { kind: "tool", id: definition.name });
    if (handler.External.service === EDITOR_SERVICE)
      return this.#editor.call({ name: handler.External.endpoint, input: fields }, signal);
    const server = this.#servers.get(handler.External.service);
    if (server === undefined) throw fail("not_found", { kind: "MCP server", id: handler.External.service });
    return server.call(handler.External.endpoint, fields, ask, signal, CALL_MILLISECONDS);
  }

  async #runInternal(
    called: string,
    agent: AgentConfig,
    fields: Record<string, Json>,
    ask: AskUser | null,
    signal: AbortSignal,
  ): Promise<ToolAnswer> {
    if (called === readResult.name) return this.#results.part(ResultPart.parse(fields));
    const text = await this.#texts.call(called, agent, fields, signal);
    if (text !== null) return this.#kept(text);
    const all = await this.#all(agent);
    if (called === findTools.name) {
      const found = bestMatches(all, FindTools.parse(fields).query);
      const shown = found.map(({ name, description, schema }) => ({ name, description, schema }));
      return { content: JSON.stringify(shown), is_error: false };
    }
    const { name, input } = CallFound.parse(fields);
    const wanted = all.find((tool) => tool.name === name);
    if (wanted === undefined) return { content: `There is no tool ${name}. Use find_tools.`, is_error: true };
    return this.#run({ definition: wanted, agent, input, ask, signal });
  }

  async #all(agent: AgentConfig): Promise<ToolDefinition[]> {
    const all = [
      ...(await this.#ownTools(agent)),
      ...(await this.#serverTools(agent)),
      ...(await this.#editor.offers(agent)),
    ];
    const limit = agent.settings.tools;
    // Of one name the first counts: a provider refuses a request with two tools of one name.
    const byName = new Map(all.toReversed().map((tool) => [tool.name, tool]));
    return all.filter(
      (tool) => byName.get(tool.name) === tool && (limit === null || limit.includes(tool.name)),
    );
  }

  #ownTools(agent: AgentConfig): Promise<ToolDefinition[]> {
    const reach = { servers: this.#serversFor(agent), tools: (name: string) => this.#toolsOf(name) };
    return ownTools(agent, reach, (problem) => {
      this.#warn(problem);
    });
  }

  /** The servers whose tools and texts an agent may use, each with its entry. */
  #serversFor({ agent_type }: AgentConfig): [string, McpServerConfig][] {
    return Object.entries(this.#allowedServers()).filter(
      ([, { agents }]) => agents === undefined || agents.includes(agent_type),
    );
  }

  /** The servers of these that respond and have the tools that the user allowed. The others are logged. */
  async #usable(agent: AgentConfig): Promise<[string, McpServer][]> {
    const found = await Promise.all(
      this.#serversFor(agent).map(async ([name]): Promise<[string, McpServer][]> => {
        const server = this.#servers.get(name);
        return server !== undefined && (await this.#toolsOf(name)) !== null ? [[name, server]] : [];
      }),
    );
    return found.flat();
  }

  /** An answer as the agent gets it: without the user's secrets, which a service may repeat, and not too long. */
  #kept({ content, is_error }: ToolAnswer): Promise<ToolAnswer> {
    return this.#results.shorten({ content: this.#clean(content), is_error });
  }

  #clean(text: string): string {
    return withoutSecrets(text, this.#parts.known.values);
  }

  async #serverTools(agent: AgentConfig): Promise<ToolDefinition[]> {
    const lists = await Promise.all(
      this.#serversFor(agent).map(async ([name, config]) => {
        const tools = (await this.#toolsOf(name)) ?? [];
        const wanted = tools.filter(({ name: tool }) => config.tools?.includes(tool) !== false);
        return offeredTools(mcpServer(name), wanted, (problem) => {
          this.#warn(problem);
        });
      }),
    );
    return lists.flat();
  }

  /** The tools of a server; null: it does not answer, or is not as the user allowed it. */
  async #toolsOf(name: string): Promise<Awaited<ReturnType<McpServer["tools"]>> | null> {
    try {
      const server = this.#servers.get(name);
      const tools = (await server?.tools()) ?? [];
      if ((await server?.hasMoreTools()) === true)
        this.#warn(`The MCP server ${name} has more than ${tools.length} tools. The others are left out.`);
      if (this.#pins.accepts(name, this.#configuration ?? "", tools)) return tools;
      this.#warn(
        `The MCP server ${name} changed its tools since you allowed it. They are not used until you allow them. The next run asks you.`,
      );
    } catch (error) {
      this.#warn(`The tools of the MCP server ${name} are not available. ${messageOf(error)}`);
    }
    return null;
  }

  /** Says it once: each stage meets the same servers. */
  #warn(given: string): void {
    const problem = this.#clean(given);
    if (this.#warned.has(problem)) return;
    this.#warned.add(problem);
    this.#parts.tools.log("warn", problem);
  }

  /** The servers of the workspace, as the user allowed them. */
  #allowedServers(): McpFile["mcpServers"] {
    const { state: configuration, servers, problems } = allowedServers(this.#parts.tools);
    if (this.#configuration !== configuration) {
      for (const problem of problems) this.#warn(problem);
      for (const server of this.#servers.values()) void server.close();
      this.#servers.clear();
      for (const [name, config] of Object.entries(servers))
        this.#servers.set(name, new McpServer(name, config, this.#parts));
      this.#configuration = configuration;
    }
    return servers;
  }

  async #onlyReads({ handler }: ToolDefinition): Promise<boolean> {
    if ("Http" in handler) return handler.Http.method === "GET" || handler.Http.method === "HEAD";
    if (!("External" in handler)) return false;
    const { service, endpoint } = handler.External;
    const tools = (await this.#servers.get(service)?.tools()) ?? [];
    return tools.find(({ name }) => name === endpoint)?.annotations?.readOnlyHint === true;
  }
}

/** Opens the gateway of a workspace. */
export const openTools = (tools: ToolsParts): Pick<Tools, "offers" | "call" | "close"> => {
  const { settings, environment, secrets, known, version, startMilliseconds } = tools;
  return new ToolGateway({
    tools,
    sandbox: new ServerSandbox(tools),
    checked: createCheckedFetch(() => settings.allowed_hosts),
    environment,
    secrets,
    known,
    version,
    startMilliseconds,
  });
};

const messageOf = (error: unknown): string => {
  if (error instanceof CoditectError) return [error.message, error.nextStep ?? ""].join(" ").trim();
  return error instanceof Error ? error.message : String(error);
};

const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === "TimeoutError";
