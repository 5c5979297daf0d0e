// One step as every contender does it: ask the model with the whole conversation, do what it calls.
import { readFile, readFileSync } from "node:fs";
import { promisify } from "node:util";

const read = promisify(readFile);

/** Arguments of a contender's process. */
export const [endpoint, folder, steps] = [process.argv[2], process.argv[3], Number(process.argv[4])];

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

/**
 * Prints how many bytes this process wrote to files: all that it wrote, but what it sent to the
 * model. Then it is gone without the work of a clean end.
 */
export const reportWritten = () => {
  const written = /^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))[1];
  process.stdout.write(`${Number(written) - sent}\n`, () => process.kill(process.pid, "SIGKILL"));
};
