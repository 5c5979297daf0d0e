import type { HandlerContext, HandlersOf } from "./context.ts";

/** Logins of the user to MCP servers. */
export const mcpHandlers = ({ logins }: Pick<HandlerContext, "logins">): HandlersOf<"mcp"> => ({
  "mcp/logins": async () => ({ items: await logins.list() }),

  "mcp/logIn": async ({ server }, _caller, signal) => {
    await logins.logIn(server, signal);
    return {};
  },

  "mcp/logOut": async ({ server }) => {
    await logins.logOut(server);
    return {};
  },
});
