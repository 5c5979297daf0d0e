import { createHash } from "node:crypto";

/** The tool that reads a resource of any server, which its input names. */
export const READ_RESOURCE = "read_resource";

/** What the names of a server's tools begin with. A server's name is short: see `McpFile`. */
export const offeredPrefix = (server: string): string => `${server}__`;

/**
 * The name that a model uses for a tool of a server. Tools of two servers may have the same name, and
 * ours must not be shadowed, so the name includes the server. Providers accept at most 64 letters,
 * digits, `_` and `-`.
 */
export const offeredName = (server: string, tool: string): string => {
  const name = `${offeredPrefix(server)}${tool.replace(/[^\w-]/g, "_")}`;
  if (name.length <= 64) return name;
  return `${name.slice(0, 55)}_${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
};
