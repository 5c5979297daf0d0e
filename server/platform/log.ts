export type LogLevel = "debug" | "info" | "warn" | "error";

/** One structured line of the runtime's own log; secrets are redacted before it is written. */
export type Log = (level: LogLevel, message: string, data?: Record<string, unknown>) => void;
