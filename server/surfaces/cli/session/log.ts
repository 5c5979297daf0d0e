import type { Log, LogLevel } from "../../../platform/log.ts";

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The runtime's log on standard error, from the level in `CODITECT_LOG`. The default is errors. */
export const cliLog = (environment: NodeJS.ProcessEnv): Log => {
  const wanted = order.findIndex((level) => level === environment.CODITECT_LOG);
  const from = wanted === -1 ? order.indexOf("error") : wanted;
  return (level, message, data = {}) => {
    if (order.indexOf(level) < from) return;
    process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, message, ...data })}\n`);
  };
};
