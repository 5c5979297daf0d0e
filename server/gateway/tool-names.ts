import type { AssistantMessage, ToolOffer } from "../../schemas/messages.ts";

const plain = (name: string): string => name.toLowerCase().replace(/[-_\s]/g, "");

/**
 * The offered tool that a model means if it spells the name in its template's way, such as
 * `functions.read_file` or `Read_File`; the name itself if that is not certain.
 */
export const offeredName = (name: string, tools: readonly ToolOffer[]): string => {
  if (tools.some((tool) => tool.name === name)) return name;
  const marker = name.indexOf("<|");
  const bare = (marker < 0 ? name : name.slice(0, marker))
    .trim()
    .replace(/^(functions?|tools?|default_api)[.:/]/, "");
  const meant = tools.filter((tool) => plain(tool.name) === plain(bare));
  return meant.length === 1 ? (meant[0]?.name ?? name) : name;
};

/** The parts of an answer; each call has the name of the tool that it means. */
export const withOfferedNames = (
  content: AssistantMessage["content"],
  tools: readonly ToolOffer[],
): AssistantMessage["content"] =>
  content.map((part) =>
    part.type === "tool_call" ? { ...part, tool: offeredName(part.tool, tools) } : part,
  );
