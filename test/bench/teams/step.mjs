// One step as every contender does it: ask the model with the whole conversation, do what it calls.
import { readFile, readFileSync } from "node:fs";
import { promisify } from "node:util";

const read = promisify(readFile);

/** Arguments of a contender's process; `syncs`: whether it is made to sync where it would not by itself. */
export const [endpoint, folder, steps] = [process.argv[2], process.argv[3], Number(process.argv[4])];
export const syncs = process.argv[5] === "true";

export const firstMessages = [
  { role: "system", content: "Agent: TestWriter" },
  { role: "user", content: "Read the file." },
];

let sent = 0;

/** The messages that a step adds; the last one has a call of `finish`. */
export const takeStep = async (messages) => {
  const body = JSON.stringify({ model: "rehearsal", stream: false, messages });
  sent += Buffer.byteLength(body);
  const response = await fetch(`${endpoint}/api/chat`, { method: "POST", body });
  const { message } = await response.json();
  const [call] = message.tool_calls;
  if (call.function.name === "finish") return [message];
  const { path, start_line, end_line } = call.function.arguments;
  const lines = (await read(`${folder}/${path}`, "utf8")).split("\n").slice(start_line - 1, end_line);
  return [message, { role: "tool", content: lines.join("\n") }];
};

export const isFinished = (messages) => messages.at(-1)?.tool_calls?.[0].function.name === "finish";

/** What SQLite's `PRAGMA synchronous` reads. With a write-ahead log, no commit is synced below FULL. */
const levels = ["OFF", "NORMAL", "FULL", "EXTRA"];

/**
 * Prints how many bytes this process wrote to files: all that it wrote, but what it sent to the
 * model; and what the connection says it does for a commit. Then it is gone without the work of a
 * clean end.
 */
export const reportWritten = (synchronous) => {
  const all = /^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))[1];
  const sample = { written: Number(all) - sent, room: 0, keeps: `synchronous=${levels[synchronous]}` };
  process.stdout.write(JSON.stringify(sample), () => process.kill(process.pid, "SIGKILL"));
};
