import { z } from "zod";
import { Alert } from "../alerts.ts";
import { Uuid } from "../primitives.ts";
import { row } from "./row.ts";

/** Methods on alerts: what a person should look at. */
export const alertMethods = {
  /** Newest first. Looks for causes first, so that what it lists is true now. */
  "alerts/list": row(
    "viewer",
    z.strictObject({
      /** Also those that were cleared. */
      all: z.boolean().default(false),
    }),
    z.strictObject({ items: z.array(Alert) }),
    { verb: "GET", path: "/api/alerts" },
  ),
  /** Marks it as seen: it stays listed until its cause is gone, and is not raised again that day. */
  "alerts/acknowledge": row("operator", z.strictObject({ alert_id: Uuid }), Alert, {
    verb: "POST",
    path: "/api/alerts/{alert_id}/acknowledge",
  }),
} as const;
