import type { Client, ContentBlock, Tool } from "@modelcontextprotocol/client";
import type { Json } from "../../schemas/primitives.ts";
import type { CallUnderWay } from "./call-under-way.ts";
import type { ToolAnswer } from "./tools-api.ts";

/** A call that reports progress or asks the user may take longer than one that is silent, but not longer than this. */
const LONGEST_CALL_MILLISECONDS = 600_000;

/** Calls a tool of a server, which may take long while it reports progress or asks the user. */
export const callOnce = async (
  client: Client,
  tool: Tool,
  input: Readonly<Record<string, Json>>,
  call: CallUnderWay,
): Promise<ToolAnswer> => {
  const request = { name: tool.name, arguments: input };
  // Agents get the content alone. To check the rest by a server's schema could take the runtime hours.
  const { outputSchema: _unchecked, ...toolDefinition } = tool;
  const { content, isError } = await client.callTool(request, {
    signal: call.signal,
    timeout: LONGEST_CALL_MILLISECONDS,
    toolDefinition,
    // The server reports progress only to a client that listens.
    onprogress: () => {
      call.heard();
    },
  });
  return { content: content.map(textOf).join("\n"), is_error: isError === true };
};

/** The parts of a result that a model can read. */
export const textOf = (part: ContentBlock): string => {
  switch (part.type) {
    case "text":
      return part.text;
    case "resource":
      return "text" in part.resource ? part.resource.text : `[binary resource ${part.resource.uri}]`;
    case "resource_link":
      // A link is a name, not a right: nothing is read until the agent asks the server for it.
      return `[resource ${part.uri}]`;
    default:
      return `[${part.type}, ${part.mimeType}]`;
  }
};
