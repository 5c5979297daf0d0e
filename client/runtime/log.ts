import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type * as vscode from "vscode";
import { z } from "zod";

/** A record that the runtime writes to standard error: one JSON object per line. */
const LogRecord = z.looseObject({
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
});

/** Shows the runtime's log in the output channel, each record at its own level. */
export const pipeLog = (stream: Readable, log: vscode.LogOutputChannel): void => {
  createInterface({ input: stream, crlfDelay: Infinity, terminal: false }).on("line", (line) => {
    const { level, text } = readLogLine(line);
    log[level](text);
  });
};

/** A line that is not a record, such as the stack of a crash, is an error. */
const readLogLine = (line: string): { level: "debug" | "info" | "warn" | "error"; text: string } => {
  const record = LogRecord.safeParse(parseJson(line));
  if (!record.success) return { level: "error", text: line };
  const { level, message, ...rest } = record.data;
  const { at: _, time: __, ...data } = rest;
  const details = Object.keys(data).length === 0 ? "" : ` ${JSON.stringify(data)}`;
  return { level, text: `${message}${details}` };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
