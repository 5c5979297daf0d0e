import type { Tool } from "@modelcontextprotocol/sdk/types.js";
import { Json } from "../../schemas/primitives.ts";
import type { ToolDefinition } from "../../schemas/tool-definition.ts";
import { offeredName } from "./offered-name.ts";

/** Longest description that a model is given, in characters. */
const MOST_DESCRIPTION = 1000;
/** Deepest and largest schema of an input, in levels and characters. */
const MOST_LEVELS = 64;
const MOST_SCHEMA = 50_000;

/** Whether a value is nested deeper than that; walked without recursion, which such a value would exhaust. */
const isDeeperThan = (value: unknown, most: number): boolean => {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((each): unknown[] =>
      typeof each === "object" && each !== null ? Object.values(each) : [],
    );
  }
  return false;
};

const problemOf = ({ inputSchema }: Tool): string | null => {
  if (isDeeperThan(inputSchema, MOST_LEVELS)) return `its schema has more than ${MOST_LEVELS} levels`;
  const isLarge = JSON.stringify(inputSchema).length > MOST_SCHEMA;
  return isLarge ? `its schema has more than ${MOST_SCHEMA} characters` : null;
};

/** What a server says of its tool is marked as such: it is no instruction of ours or of the user. */
const describe = (server: string, description: string): string => {
  const isLong = description.length > MOST_DESCRIPTION;
  const said = isLong ? `${description.slice(0, MOST_DESCRIPTION)}…` : description;
  return `The MCP server ${server} says: ${said}`;
};

/**
 * The tools of a server as agents are offered them. A tool that cannot be offered is left out, and `warn`
 * is told why.
 */
export const offeredTools = (
  server: string,
  tools: readonly Tool[],
  warn: (problem: string) => void,
): ToolDefinition[] => {
  const names = new Set<string>();
  return tools.flatMap((tool) => {
    const { name, description = "", inputSchema } = tool;
    const problem = names.has(name) ? "another one has the same name" : problemOf(tool);
    names.add(name);
    if (problem !== null) {
      warn(`The tool ${name} of the MCP server ${server} is left out: ${problem}.`);
      return [];
    }
    return [
      {
        name: offeredName(server, name),
        description: describe(server, description),
        schema: Json.parse(inputSchema),
        handler: { External: { service: server, endpoint: name, auth: null } },
      },
    ];
  });
};
