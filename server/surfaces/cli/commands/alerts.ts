import type { Alert } from "../../../../schemas/alerts.ts";
import { tableText } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { type RecordFlags, withConnection } from "./records.ts";

const minute = (timestamp: string): string => timestamp.slice(0, 16).replace("T", " ");

const line = ({ alert_id, severity, status, raised_at, message }: Alert): string[] => [
  alert_id,
  severity,
  status,
  minute(raised_at),
  message,
];

/** `coditect alerts list`: exit code 1 while one is not acknowledged. */
export const listAlerts = (
  flags: RecordFlags & { all?: boolean },
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { terminal } = context;
    const { items } = await connection.call("alerts/list", { all: flags.all === true });
    if (flags.json === true) for (const alert of items) terminal.out(`${JSON.stringify(alert)}\n`);
    else if (items.length === 0) terminal.out("No alerts.\n");
    else
      terminal.out(
        tableText(["ALERT", "SEVERITY", "STATUS", "SINCE (UTC)", "WHAT"], items.map(line), terminal),
      );
    return items.some(({ status }) => status === "Raised") ? exitCodes.gate : exitCodes.held;
  });

/** `coditect alerts ack ID`: the alert is not raised again that day. */
export const acknowledgeAlert = (id: string, flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const alert = await connection.call("alerts/acknowledge", { alert_id: id });
    context.terminal.out(
      flags.json === true ? `${JSON.stringify(alert)}\n` : `Acknowledged: ${alert.message}\n`,
    );
    return exitCodes.held;
  });
