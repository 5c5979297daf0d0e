import { z } from "zod";
import { Json } from "../../schemas/primitives.ts";
import { RUNTIME_TOOLS, type RuntimeFunction, type ToolDefinition } from "../../schemas/tool-definition.ts";
import { ResultPart } from "./long-results.ts";
import { READ_RESOURCE } from "./offered-name.ts";

const internal = (name: RuntimeFunction, description: string, input: z.ZodObject): ToolDefinition => {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: "input" });
  const handler = { Internal: { function: name, module: RUNTIME_TOOLS } };
  return { name, description, schema: Json.parse(schema), handler };
};

export const FindTools = z.object({ query: z.string() });
export const CallFound = z.object({ name: z.string(), input: z.record(z.string(), Json).default({}) });
export const ReadResource = z.object({ server: z.string(), uri: z.string() });
export const GetPrompt = z.object({
  server: z.string(),
  name: z.string(),
  arguments: z.record(z.string(), z.string()).default({}),
});

export const readResult = internal("read_result", "Read a further part of a long tool result.", ResultPart);
export const findTools = internal(
  "find_tools",
  "Find external tools by what they do; returns names and schemas.",
  FindTools,
);
export const callFound = internal("call_tool", "Call an external tool that find_tools returned.", CallFound);
export const listResources = internal(
  "list_resources",
  "List what external servers offer to read; returns server, URI and description.",
  z.object({}),
);
export const readResource = internal(
  READ_RESOURCE,
  "Read a resource that list_resources returned.",
  ReadResource,
);
export const listPrompts = internal(
  "list_prompts",
  "List the prompts of external servers; returns server, name, description and arguments.",
  z.object({}),
);
export const getPrompt = internal("get_prompt", "Get a prompt that list_prompts returned.", GetPrompt);

const MOST_FOUND = 8;

/** The tools that share the most words with the query; the first ones if none does. */
export const bestMatches = (tools: readonly ToolDefinition[], query: string): ToolDefinition[] => {
  const words = query.toLowerCase().match(/\w{2,}/g) ?? [];
  const scoreOf = ({ name, description }: ToolDefinition): number => {
    const text = `${name} ${description}`.toLowerCase();
    return words.filter((word) => text.includes(word)).length;
  };
  return tools.toSorted((one, other) => scoreOf(other) - scoreOf(one)).slice(0, MOST_FOUND);
};
