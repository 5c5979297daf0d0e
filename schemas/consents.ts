import { z } from "zod";
import { Timestamp } from "./primitives.ts";

/**
 * What a user is asked once for a workspace. `unconfined`: commands of agents run without a sandbox.
 * `configuration`: what the workspace's `.coditect/` folder holds is used; given for one state of it.
 * `exposure`: an agent may read untrusted content, use secrets and act outside of this machine at once;
 * given for one set of tools. `mcp_files`: the MCP servers that files of other tools list; given for one
 * state of these files.
 */
export const ConsentName = z.enum(["unconfined", "configuration", "exposure", "mcp_files"]);
export type ConsentName = z.infer<typeof ConsentName>;

/** Kept in the user's own folder, never in the workspace: a repository must not bring it along. */
export const Consent = z.strictObject({
  name: ConsentName,
  /** The hash of what it was given for; null: for the workspace whatever it holds. */
  of: z.string().nullable(),
  /** Who gave it, as an audit trail names them: `user:editor`. */
  given_by: z.string(),
  created_at: Timestamp,
});
export type Consent = z.infer<typeof Consent>;
