import { z } from "zod";
import { Nothing, row } from "./row.ts";

const named = z.strictObject({
  /** Its name in `mcp.json`. */
  server: z.string().min(1),
});

/**
 * Methods for logins to MCP servers. Logins belong to the user of the editor, so these methods are not available
 * over HTTP: a runtime in another process uses its own logins.
 */
export const mcpMethods = {
  /** The servers in the workspace's files that use a login. Errors: `invalid_file`. */
  "mcp/logins": row(
    "viewer",
    Nothing,
    z.strictObject({
      items: z.array(z.strictObject({ server: z.string(), url: z.string(), logged_in: z.boolean() })),
    }),
  ),
  /**
   * Logs the user in: the editor opens the service's page, which redirects to a port of this machine. Errors:
   * `not_found`, `login_failed`, `secret_missing`, `credentials_closed`, `host_refused`, `cancelled`.
   */
  "mcp/logIn": row("admin", named, Nothing),
  /** Removes the login. Errors: `not_found`, `credentials_closed`. */
  "mcp/logOut": row("admin", named, Nothing),
} as const;
