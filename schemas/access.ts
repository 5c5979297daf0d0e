import { z } from "zod";
import { Role } from "./contract/row.ts";
import { Json, Sha256, Timestamp, Uuid } from "./primitives.ts";

/** Who may call the server of a team, and as what. The secret itself is not kept anywhere. */
export const AccessToken = z.strictObject({
  token_id: Uuid,
  /** The token opens the state of this tenant alone. */
  tenant_id: Uuid,
  /** The person or program that calls with it; the audit log names it. */
  user: z.string().trim().min(1).max(100),
  role: Role,
  created_at: Timestamp,
  /** `null`: it does not expire. */
  expires_at: Timestamp.nullable(),
  /** `null`: it was not revoked. */
  revoked_at: Timestamp.nullable(),
});
export type AccessToken = z.infer<typeof AccessToken>;

/** As it is stored: with the hash of the secret, which is 256 random bits. */
export const StoredToken = AccessToken.extend({ hash: Sha256 });
export type StoredToken = z.infer<typeof StoredToken>;

/** A request with an idempotency key, and what it was answered with. */
export const StoredReply = z.strictObject({
  /** Hash of the caller and the key. */
  reply_id: Sha256,
  tenant_id: Uuid,
  /** Hash of what was asked: the same key for something else is refused. */
  fingerprint: Sha256,
  at: Timestamp,
  /** `null`: the call began, and its result is not known. */
  body: Json.nullable(),
});
export type StoredReply = z.infer<typeof StoredReply>;
