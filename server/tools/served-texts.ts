import type { AgentConfig } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { Json } from "../../schemas/primitives.ts";
import type { ToolDefinition } from "../../schemas/tool-definition.ts";
import type { McpServer } from "./mcp-servers.ts";
import {
  getPrompt,
  GetPrompt,
  listPrompts,
  listResources,
  readResource,
  ReadResource,
} from "./runtime-tools.ts";
import type { ToolAnswer } from "./tools-api.ts";

/** Deadline for a server to return a text. */
const READ_MILLISECONDS = 120_000;

/** The two kinds of texts: how to find out whether a server has them, and the tools that list and read them. */
const kinds = [
  { has: (server: McpServer) => server.hasResources(), list: listResources, read: readResource },
  { has: (server: McpServer) => server.hasPrompts(), list: listPrompts, read: getPrompt },
] as const;

type Kind = (typeof kinds)[number];

/** The texts that MCP servers offer in addition to their tools: resources and prompts. */
export class ServedTexts {
  readonly #usable: (agent: AgentConfig) => Promise<[string, McpServer][]>;

  /** @param usable the servers whose tools an agent may use, as the user allowed them. */
  constructor(usable: (agent: AgentConfig) => Promise<[string, McpServer][]>) {
    this.#usable = usable;
  }

  /** The tools with which the agent can read texts, for the kinds that its servers have. */
  async offers(agent: AgentConfig): Promise<ToolDefinition[]> {
    const offered = await Promise.all(
      kinds.map(async (kind) =>
        (await this.#servers(agent, kind)).length > 0 ? [kind.list, kind.read] : [],
      ),
    );
    return offered.flat();
  }

  /** The answer of one of these tools; null if it is another tool. Errors: `not_found`, `tool_server_failed`. */
  async call(
    tool: string,
    agent: AgentConfig,
    fields: Readonly<Record<string, Json>>,
    signal: AbortSignal,
  ): Promise<ToolAnswer | null> {
    const kind = kinds.find(({ list, read }) => list.name === tool || read.name === tool);
    if (kind === undefined) return null;
    const servers = await this.#servers(agent, kind);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(READ_MILLISECONDS)]);
    if (tool === kind.list.name) {
      const lists = await Promise.all(
        servers.map(async ([name, server]) =>
          (await (tool === listResources.name ? server.resources(limited) : server.prompts(limited))).map(
            (text) => ({ server: name, ...text }),
          ),
        ),
      );
      return { content: JSON.stringify(lists.flat()), is_error: false };
    }
    const serverOf = (name: string): McpServer => {
      const found = servers.find(([known]) => known === name);
      if (found === undefined) throw fail("not_found", { kind: "MCP server", id: name });
      return found[1];
    };
    if (tool === readResource.name) {
      const { server, uri } = ReadResource.parse(fields);
      return serverOf(server).readResource(uri, limited);
    }
    const { server, name, arguments: values } = GetPrompt.parse(fields);
    return serverOf(server).prompt(name, values, limited);
  }

  /** The servers with texts of this kind; none if the agent has a list of tools that does not contain this tool. */
  async #servers(agent: AgentConfig, { has, read }: Kind): Promise<[string, McpServer][]> {
    const limit = agent.settings.tools;
    if (limit !== null && !limit.includes(read.name)) return [];
    const found = await Promise.all(
      (await this.#usable(agent)).map(async ([name, server]): Promise<[string, McpServer][]> =>
        (await has(server)) ? [[name, server]] : [],
      ),
    );
    return found.flat();
  }
}
