import { Ajv } from "ajv";
import { z } from "zod";
import type { AgentConfig } from "../../schemas/agent.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { McpFile } from "../../schemas/mcp.ts";
import { Json, Sha256 } from "../../schemas/primitives.ts";
import { type ToolDefinition, UserTool } from "../../schemas/tool-definition.ts";
import { parseAllowedHost } from "../instances/drivers/egress/policy.ts";
import { allowedServers } from "./allowed-servers.ts";
import { createCheckedFetch } from "./checked-fetch.ts";
import { callHttp } from "./http-tool.ts";
import { McpServer, type McpParts } from "./mcp-servers.ts";
import { offeredName } from "./offered-name.ts";
import { ServerSandbox } from "./server-sandbox.ts";
import { ToolPins } from "./tool-pins.ts";
import type { ToolAnswer, ToolRequest, Tools, ToolsParts } from "./tools-api.ts";

interface GatewayParts extends McpParts {
  tools: ToolsParts;
}

const CALL_MILLISECONDS = 120_000;
/** Longest result that goes into a conversation, in characters; the rest is read in parts. */
const RESULT_CHARACTERS = 12_000;
/** Characters of all offers above which tools are found with `find_tools` instead of listed. */
const OFFER_CHARACTERS = 6000;
const MOST_FOUND = 8;

const internal = (name: string, description: string, input: z.ZodObject): ToolDefinition => {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: "input" });
  const handler = { Internal: { function: name, module: "runtime/tools" } };
  return { name, description, schema: Json.parse(schema), handler };
};

const ReadResult = z.object({ id: Sha256, start: z.int().nonnegative().default(0) });
const FindTools = z.object({ query: z.string() });
const CallFound = z.object({ name: z.string(), input: z.record(z.string(), Json).default({}) });
const readResult = internal("read_result", "Read a further part of a long tool result.", ReadResult);
const findTools = internal(
  "find_tools",
  "Find external tools by what they do; returns names and schemas.",
  FindTools,
);
const callFound = internal("call_tool", "Call an external tool that find_tools returned.", CallFound);

/**
 * The tools that leave an instance: HTTP services, MCP servers, functions of the runtime. They run in
 * the runtime, so that no key reaches an instance. Documents: "Tool Integration".
 */
class ToolGateway implements Pick<Tools, "offers" | "call" | "close"> {
  readonly #parts: GatewayParts;
  readonly #servers = new Map<string, McpServer>();
  readonly #pins: ToolPins;
  readonly #ajv = new Ajv({ strict: false, allErrors: true });
  /** Answers of tools that only read, by tool and input. */
  readonly #readOnly = new Map<string, ToolAnswer>();
  #configuration: string | null = null;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#pins = new ToolPins(parts.tools.workspace);
  }

  /**
   * The external tools of an agent: its own and those of the workspace's MCP servers, once the user
   * has allowed `.coditect/`. A server that fails is logged and left out. Many tools are offered as
   * `find_tools` and `call_tool`, so that a request stays small.
   */
  async offers(agent: AgentConfig): Promise<ToolDefinition[]> {
    const all = await this.#all(agent);
    if (all.length === 0) return [];
    const size = all.reduce((sum, tool) => sum + JSON.stringify(tool).length, 0);
    return size > OFFER_CHARACTERS ? [findTools, callFound, readResult] : [...all, readResult];
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
      if (cause instanceof CoditectError)
        return { content: [cause.message, cause.nextStep ?? ""].join(" ").trim(), is_error: true };
      if (isTimeout(error))
        return { content: `${request.definition.name} did not answer in time.`, is_error: true };
      return { content: `${request.definition.name} failed: ${String(cause)}`, is_error: true };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    await this.#parts.sandbox.close();
    await this.#parts.checked.close();
  }

  async #run({ definition, agent, input, signal }: ToolRequest): Promise<ToolAnswer> {
    const fields = this.#checked(definition, input);
    if ("Internal" in definition.handler) return this.#runInternal(definition, agent, fields, signal);
    const key = `${definition.name} ${JSON.stringify(fields)}`;
    const known = this.#readOnly.get(key);
    if (known !== undefined) return known;
    const answer = await this.#send(definition, agent, fields, signal);
    const kept = await this.#shortened(answer);
    if (!kept.is_error && (await this.#onlyReads(definition))) this.#readOnly.set(key, kept);
    return kept;
  }

  #send(
    definition: ToolDefinition,
    agent: AgentConfig,
    fields: Record<string, Json>,
    signal: AbortSignal,
  ): Promise<ToolAnswer> {
    const { handler } = definition;
    const { checked, environment } = this.#parts;
    if ("Http" in handler) {
      const own = agent.settings.tool_definitions.find(({ name }) => name === definition.name);
      if (own === undefined) throw fail("not_found", { kind: "tool", id: definition.name });
      const limited = AbortSignal.any([signal, AbortSignal.timeout(CALL_MILLISECONDS)]);
      return callHttp(UserTool.parse(own), fields, checked, environment, limited);
    }
    if (!("External" in handler)) throw fail("not_found", { kind: "tool", id: definition.name });
    const server = this.#servers.get(handler.External.service);
    if (server === undefined) throw fail("not_found", { kind: "MCP server", id: handler.External.service });
    return server.call(handler.External.endpoint, fields, signal, CALL_MILLISECONDS);
  }

  async #runInternal(
    definition: ToolDefinition,
    agent: AgentConfig,
    fields: Record<string, Json>,
    signal: AbortSignal,
  ): Promise<ToolAnswer> {
    if (definition.name === readResult.name) return this.#readPart(ReadResult.parse(fields));
    const all = await this.#all(agent);
    if (definition.name === findTools.name) {
      const found = bestMatches(all, FindTools.parse(fields).query);
      const shown = found.map(({ name, description, schema }) => ({ name, description, schema }));
      return { content: JSON.stringify(shown), is_error: false };
    }
    const { name, input } = CallFound.parse(fields);
    const wanted = all.find((tool) => tool.name === name);
    if (wanted === undefined) return { content: `There is no tool ${name}. Use find_tools.`, is_error: true };
    return this.#run({ definition: wanted, agent, input, signal });
  }

  /** The input as fields, checked against the tool's own schema. */
  #checked({ name, schema }: ToolDefinition, input: Json): Record<string, Json> {
    const fields = z.record(z.string(), Json).safeParse(input ?? {});
    const validate = this.#ajv.compile(z.record(z.string(), z.unknown()).parse(schema));
    if (fields.success && validate(fields.data)) return fields.data;
    const problems = fields.success ? this.#ajv.errorsText(validate.errors) : "it must be an object";
    throw fail("invalid_params", { what: `The input of ${name}`, problems });
  }

  async #all(agent: AgentConfig): Promise<ToolDefinition[]> {
    const own = agent.settings.tool_definitions;
    const taken = new Set(own.map(({ name }) => name));
    const ofServers = (await this.#serverTools(agent)).filter(({ name }) => !taken.has(name));
    const limit = agent.settings.tools;
    return [...own, ...ofServers].filter(({ name }) => limit === null || limit.includes(name));
  }

  async #serverTools(agent: AgentConfig): Promise<ToolDefinition[]> {
    const servers = this.#allowedServers();
    const lists = await Promise.all(
      Object.entries(servers)
        .filter(([, { agents }]) => agents === undefined || agents.includes(agent.agent_type))
        .map(async ([name, config]) => {
          const tools = await this.#toolsOf(name);
          return tools
            .filter((tool) => config.tools === undefined || config.tools.includes(tool.name))
            .map((tool) => definitionOf(name, tool));
        }),
    );
    return lists.flat();
  }

  async #toolsOf(name: string) {
    try {
      const tools = (await this.#servers.get(name)?.tools()) ?? [];
      if (this.#pins.accepts(name, this.#configuration ?? "", tools)) return tools;
      this.#parts.tools.log(
        "warn",
        `The MCP server ${name} changed its tools since you allowed it. They are not used.`,
      );
    } catch (error) {
      this.#parts.tools.log("warn", `The tools of the MCP server ${name} are not available.`, {
        error: String(error),
      });
    }
    return [];
  }

  /** The servers of the workspace, as the user allowed them. */
  #allowedServers(): McpFile["mcpServers"] {
    const { state: configuration, servers } = allowedServers(this.#parts.tools);
    if (this.#configuration !== configuration) {
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

  /** A long result is stored, and the agent gets its beginning and how to read on. */
  async #shortened(answer: ToolAnswer): Promise<ToolAnswer> {
    if (answer.content.length <= RESULT_CHARACTERS) return answer;
    const id = await this.#parts.tools.objects.put(Buffer.from(answer.content));
    const next = answer.content.slice(0, RESULT_CHARACTERS);
    const more = `[${answer.content.length} characters in all. Continue with read_result, id ${id}, start ${RESULT_CHARACTERS}.]`;
    return { ...answer, content: `${next}\n${more}` };
  }

  async #readPart({ id, start }: z.infer<typeof ReadResult>): Promise<ToolAnswer> {
    const text = (await this.#parts.tools.objects.get(id)).toString("utf8");
    const part = text.slice(start, start + RESULT_CHARACTERS);
    const end = start + part.length;
    const more = end < text.length ? `\n[Continue at start ${end} of ${text.length}.]` : "";
    return { content: `${part}${more}`, is_error: false };
  }
}

/** Opens the gateway of a workspace. */
export const openTools = (tools: ToolsParts): Pick<Tools, "offers" | "call" | "close"> => {
  const { workspace, scratchFolder, unconfined, settings, environment, version } = tools;
  const allowed = () => settings.allowed_hosts.map(parseAllowedHost).filter((host) => host !== null);
  return new ToolGateway({
    tools,
    sandbox: new ServerSandbox(workspace, scratchFolder, unconfined),
    checked: createCheckedFetch(allowed),
    environment,
    version,
  });
};

const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === "TimeoutError";

interface ListedTool {
  name: string;
  description?: string | undefined;
  inputSchema: object;
}

const definitionOf = (
  server: string,
  { name, description = "", inputSchema }: ListedTool,
): ToolDefinition => ({
  name: offeredName(server, name),
  description,
  schema: Json.parse(inputSchema),
  handler: { External: { service: server, endpoint: name, auth: null } },
});

/** The tools that share the most words with the query; the first ones if none does. */
const bestMatches = (tools: readonly ToolDefinition[], query: string): ToolDefinition[] => {
  const words = query.toLowerCase().match(/\w{2,}/g) ?? [];
  const scoreOf = ({ name, description }: ToolDefinition): number => {
    const text = `${name} ${description}`.toLowerCase();
    return words.filter((word) => text.includes(word)).length;
  };
  return tools.toSorted((one, other) => scoreOf(other) - scoreOf(one)).slice(0, MOST_FOUND);
};
