import { z } from "zod";
import { AccessToken } from "../access.ts";
import { AuditEntry } from "../audit.ts";
import { Count } from "../primitives.ts";
import { Nothing, Role, row } from "./row.ts";

/** Methods on who may call the server of a team, and on what was called. */
export const accessMethods = {
  /** The secret is shown this once. */
  "tokens/create": row(
    "admin",
    AccessToken.pick({ user: true }).extend({
      role: Role,
      expires_at: AccessToken.shape.expires_at.default(null),
    }),
    z.strictObject({ token: AccessToken, secret: z.string() }),
    { verb: "POST", path: "/api/tokens", status: 201 },
  ),
  /** Newest first. */
  "tokens/list": row("admin", Nothing, z.strictObject({ items: z.array(AccessToken) }), {
    verb: "GET",
    path: "/api/tokens",
  }),
  /** The token is refused from now on. Its record stays, because the audit log names it. */
  "tokens/revoke": row("admin", AccessToken.pick({ token_id: true }), AccessToken, {
    verb: "DELETE",
    path: "/api/tokens/{token_id}",
  }),
  /** Entries of the audit log from a number on, oldest first; `next` is where to continue reading. */
  "audit/list": row(
    "admin",
    z.strictObject({ from: Count.default(0), limit: Count.min(1).max(1000).default(500) }),
    z.strictObject({ items: z.array(AuditEntry), next: Count }),
    { verb: "GET", path: "/api/audit" },
  ),
} as const;
