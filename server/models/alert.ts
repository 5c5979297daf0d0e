import type { Alert, AlertCause } from "../../schemas/alerts.ts";
import type { Timestamp } from "../../schemas/primitives.ts";

/** The state machine of an alert. Each function gives the same object back where nothing changes. */

export const isOpenAlert = ({ status }: Pick<Alert, "status">): boolean => status !== "Cleared";

export const raiseAlert = (
  { alert, severity, subject, message }: AlertCause,
  { alert_id, tenant_id, day }: Pick<Alert, "alert_id" | "tenant_id" | "day">,
  now: Timestamp,
): Alert => ({
  alert_id,
  tenant_id,
  day,
  alert,
  severity,
  subject,
  message,
  status: "Raised",
  raised_at: now,
  acknowledged_at: null,
  acknowledged_by: null,
  cleared_at: null,
});

/**
 * Its cause is present, again or still. The message stays as it was when the alert was raised or its
 * severity changed. Who has acknowledged a warning has not seen that agents cannot continue: an alert
 * that becomes critical is raised again.
 */
export const keepAlert = (alert: Alert, { severity, message }: AlertCause): Alert => {
  if (isOpenAlert(alert) && alert.severity === severity) return alert;
  const present = { ...alert, severity, message, cleared_at: null };
  if (isWorse(severity, alert))
    return { ...present, status: "Raised", acknowledged_at: null, acknowledged_by: null };
  return { ...present, status: alert.acknowledged_at === null ? "Raised" : "Acknowledged" };
};

/** Whether the alert becomes critical and was not before. */
export const isWorse = (severity: Alert["severity"], before: Alert): boolean =>
  severity === "critical" && before.severity !== "critical";

export const clearAlert = (alert: Alert, now: Timestamp): Alert =>
  isOpenAlert(alert) ? { ...alert, status: "Cleared", cleared_at: now } : alert;

/** A cleared one stays so, and is not raised again if its cause comes back. */
export const acknowledgeAlert = (alert: Alert, actor: string, now: Timestamp): Alert =>
  alert.acknowledged_at !== null
    ? alert
    : {
        ...alert,
        status: isOpenAlert(alert) ? "Acknowledged" : alert.status,
        acknowledged_at: now,
        acknowledged_by: actor,
      };
