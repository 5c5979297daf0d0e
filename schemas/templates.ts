import { z } from "zod";
import { Uuid } from "./primitives.ts";

/**
 * Ours: as what a built-in team, a default agent, or one of a file was stored. It is made once; from
 * then on the record is the user's, and follows its template only until it is changed.
 */
export const Template = z.strictObject({
  /** Its template: `team:tdd`, `agent:Coder`, `agent-file:NAME`, percent-encoded. */
  template_id: z.string().min(1),
  tenant_id: Uuid,
  source: z.enum(["built-in", "file"]),
  /** The team or agent it was stored as. */
  record_id: Uuid,
  /** Hash of what was stored; a record with another one was changed by the user. */
  digest: z.string(),
});
export type Template = z.infer<typeof Template>;
