import { z } from "zod";
import { Timestamp, Uuid } from "./primitives.ts";

/** What a user is asked once for a workspace. `unconfined`: commands of agents run without a sandbox. */
export const ConsentName = z.enum(["unconfined"]);
export type ConsentName = z.infer<typeof ConsentName>;

/** Remembered with the workspace's state, whichever surface asked. */
export const Consent = z.strictObject({
  name: ConsentName,
  tenant_id: Uuid,
  /** Who gave it, as an audit trail names them: `user:editor`. */
  given_by: z.string(),
  created_at: Timestamp,
});
export type Consent = z.infer<typeof Consent>;
