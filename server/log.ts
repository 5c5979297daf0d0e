import type { Json } from "../schemas/primitives.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A structured record of what happened; whoever made the log decides where it goes. */
export type Log = (level: LogLevel, message: string, data?: Record<string, Json>) => void;
