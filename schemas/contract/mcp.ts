import { z } from "zod";
import { Nothing, row } from "./row.ts";

const named = z.strictObject({
  /** As `mcp.json` calls it. */
  server: z.string().min(1),
});

/**
 * Methods on logins to MCP servers. They belong to the user of the editor, and so they never travel over HTTP: a
 * runtime of another process uses the logins that it has itself.
 */
export const mcpMethods = {
  /** The servers of the workspace's files that ask for a login. Errors: `invalid_file`. */
  "mcp/logins": row(
    "viewer",
    Nothing,
    z.strictObject({
      items: z.array(z.strictObject({ server: z.string(), url: z.string(), logged_in: z.boolean() })),
    }),
  ),
  /**
   * Logs the user in: the editor opens the service's page, which leads back to a port of this machine. Errors:
   * `not_found`, `login_failed`, `secret_missing`, `credentials_closed`, `host_refused`, `cancelled`.
   */
  "mcp/logIn": row("admin", named, Nothing),
  /** Removes the login. Errors: `not_found`, `credentials_closed`. */
  "mcp/logOut": row("admin", named, Nothing),
} as const;
