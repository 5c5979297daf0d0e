import { z } from "zod";
import { Timestamp } from "../primitives.ts";
import { Nothing, row } from "./row.ts";

/** `claude`, `gemini`, …: the key of a provider; another name: a key that an agent names; `secret:NAME`: of a tool. */
const SecretName = z.string().regex(/^(secret:)?[a-z0-9][a-z0-9-]{0,63}$/);

const StoredSecret = z.strictObject({
  name: SecretName,
  /** One for each valid key, the preferred one first. */
  keys: z.array(
    z.strictObject({
      /** The last four characters; empty for a short value. */
      ending: z.string(),
      added_at: Timestamp,
    }),
  ),
});

/**
 * The stored keys and secrets of a tenant of a team server. No answer ever contains a value, and no tenant can
 * name those of another one.
 */
export const secretMethods = {
  "secrets/list": row("admin", Nothing, z.strictObject({ items: z.array(StoredSecret) }), {
    verb: "GET",
    path: "/api/secrets",
  }),
  /** Replaces all values of this name. */
  "secrets/set": row(
    "admin",
    z.strictObject({ name: SecretName, value: z.string().min(1).max(65_536) }),
    Nothing,
    { verb: "PUT", path: "/api/secrets/{name}", status: 204 },
  ),
  "secrets/remove": row("admin", z.strictObject({ name: SecretName }), Nothing, {
    verb: "DELETE",
    path: "/api/secrets/{name}",
    status: 204,
  }),
} as const;
