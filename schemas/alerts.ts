import { z } from "zod";
import { Timestamp, Uuid } from "./primitives.ts";

export const AlertName = z.enum([
  "high_failure_rate",
  "resource_limit",
  "provider_errors",
  "instance_health",
  "cost_threshold",
]);
export type AlertName = z.infer<typeof AlertName>;

/** `critical`: a person must act before agents can continue. */
const AlertSeverity = z.enum(["warning", "critical"]);

/** What is wrong at the moment, before an alert is raised. */
export const AlertCause = z.strictObject({
  alert: AlertName,
  severity: AlertSeverity,
  /** What it is about, such as a provider or a cap; with `alert`, it tells causes apart. */
  subject: z.string().min(1),
  message: z.string(),
});
export type AlertCause = z.infer<typeof AlertCause>;

/**
 * `Raised`: its cause persists and nobody has reacted; `Acknowledged`: a person has seen it;
 * `Cleared`: its cause is gone, or its day is over.
 */
const AlertStatus = z.enum(["Raised", "Acknowledged", "Cleared"]);

/** An alert of one workspace and day (UTC). A cause that comes back on the same day has the same alert. */
export const Alert = AlertCause.extend({
  alert_id: Uuid,
  tenant_id: Uuid,
  /** `2026-01-31`. */
  day: z.iso.date(),
  status: AlertStatus,
  raised_at: Timestamp,
  /** Kept when its cause goes and comes back, so that it is not raised twice. */
  acknowledged_at: Timestamp.nullable(),
  /** `user:<surface>`. */
  acknowledged_by: z.string().nullable(),
  cleared_at: Timestamp.nullable(),
});
export type Alert = z.infer<typeof Alert>;
