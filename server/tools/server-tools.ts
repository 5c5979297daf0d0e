import type { Tool } from "@modelcontextprotocol/client";
import { Json } from "../../schemas/primitives.ts";
import type { ToolDefinition } from "../../schemas/tool-definition.ts";
import { namesValidHeaders } from "./header-fields.ts";
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
  if (JSON.stringify(inputSchema).length > MOST_SCHEMA)
    return `its schema has more than ${MOST_SCHEMA} characters`;
  return namesValidHeaders(inputSchema) ? null : "its schema names headers that cannot be sent";
};

/** Foreign descriptions of a tool are marked as such: they are no instructions from us or the user. */
const describe = (source: ToolSource, description: string): string => {
  const isLong = description.length > MOST_DESCRIPTION;
  const said = isLong ? `${description.slice(0, MOST_DESCRIPTION)}…` : description;
  return `${source.called[0]?.toUpperCase() ?? ""}${source.called.slice(1)} says: ${said}`;
};

/** Who has tools: the name of its service, and what it is called in texts. */
interface ToolSource {
  service: string;
  called: string;
}

export const mcpServer = (name: string): ToolSource => ({ service: name, called: `the MCP server ${name}` });

/**
 * The tools of a service as agents get them. A tool that cannot be offered is left out, and `warn` gets
 * the reason.
 */
export const offeredTools = (
  source: ToolSource,
  tools: readonly Tool[],
  warn: (problem: string) => void,
): ToolDefinition[] => {
  const names = new Set<string>();
  return tools.flatMap((tool) => {
    const { name, description = "", inputSchema } = tool;
    const problem = names.has(name) ? "another one has the same name" : problemOf(tool);
    names.add(name);
    if (problem !== null) {
      warn(`The tool ${name} of ${source.called} is left out: ${problem}.`);
      return [];
    }
    return [
      {
        name: offeredName(source.service, name),
        description: describe(source, description),
        schema: Json.parse(inputSchema),
        handler: { External: { service: source.service, endpoint: name, auth: null } },
      },
    ];
  });
};
