import { z } from "zod";
import { ErrorCode } from "./errors.ts";
import { Role } from "./contract/row.ts";
import { Count, Sha256, Timestamp, Uuid } from "./primitives.ts";

/** The ways into a runtime. */
const SurfaceName = z.enum(["editor", "cli", "rest", "lsp", "mcp"]);

/**
 * One line of the audit log: who did what to which record, when, from where, and with what result.
 * It holds ids and names alone, never what was sent.
 */
export const AuditEntry = z.strictObject({
  /** From 0, without gaps. */
  seq: Count,
  at: Timestamp,
  /** `local`: a program of the user who runs the runtime. */
  user: z.string(),
  /** `null`: the caller showed a token that is not valid any more. */
  role: Role.nullable(),
  /** `null`: no token of this tenant, as for a local program or a token of an identity provider. */
  token_id: Uuid.nullable(),
  surface: SurfaceName,
  /** Network address of the caller; `null`: this machine. */
  from: z.string().nullable(),
  method: z.string(),
  /** Fields of the call and of its answer that say which records it was about. */
  record: z.record(z.string(), z.string()),
  result: z.union([z.literal("ok"), ErrorCode]),
  /** `hash` of the entry before; zeros for the first. */
  previous: Sha256,
  /** SHA-256 of this line without `hash` and `seal`. */
  hash: Sha256,
  /** A code of `hash` under a key of the user. Entries of earlier versions have none. */
  seal: Sha256.optional(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
