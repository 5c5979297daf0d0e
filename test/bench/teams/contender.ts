import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { RehearsalScript } from "../../../server/rehearsal/script.ts";
import { type ChatRecord, startRehearsal } from "../../../server/rehearsal/server.ts";

const LINES_PER_STEP = 20;
const LINE_LENGTH = 100;

/** What one contender took for the steps. */
export interface Sample {
  /** Milliseconds from each answer of the model to the next request. */
  gaps: number[];
  /** Bytes it wrote to files for each byte of the model's answers and the tools' results. */
  written_share: number;
  /** The same without what was written to make room for more. */
  lasting_share: number;
  /** What it says it does so that a step outlasts the machine's end. */
  keeps: string;
}

/** What a contender prints. */
const Printed = z.object({ written: z.number(), room: z.number(), keeps: z.string() });

const finish = { tool: "finish", arguments: { summary: "Read.", confidence: 1, completeness: 1 } };

/** Every step reads other 2 KB of a file. */
const readingScript = (steps: number): RehearsalScript =>
  RehearsalScript.parse({
    task: "Read the file.",
    agents: {
      TestWriter: [
        ...Array.from({ length: steps }, (_, step) => {
          const start_line = step * LINES_PER_STEP + 1;
          const range = { path: "text.txt", start_line, end_line: start_line + LINES_PER_STEP - 1 };
          return { tool_calls: [{ tool: "read_file", arguments: range }] };
        }),
        { tool_calls: [finish] },
      ],
    },
  });

/**
 * Takes the steps with one of the scripts beside this file, in a process of its own, against a model
 * server in this one. Null when what it needs is not installed.
 *
 * @param syncs whether each step has to be on the disk before the next; else it is as the contender
 *   does it by itself.
 */
export const measure = async (script: string, steps: number, syncs: boolean): Promise<Sample | null> => {
  const server = await startRehearsal([readingScript(steps)]);
  const folder = await mkdtemp(join(tmpdir(), "coditect-bench-"));
  try {
    const lines = Array.from({ length: steps * LINES_PER_STEP }, (_, line) => `line ${line} `);
    await writeFile(join(folder, "text.txt"), lines.map((line) => line.padEnd(LINE_LENGTH, "x")).join("\n"));
    const args = [join(import.meta.dirname, script), server.endpoint, folder, String(steps), String(syncs)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    const printed = await text(child.stdout);
    if (server.requests.length === 0) return null;
    const { written, room, keeps } = Printed.parse(JSON.parse(printed));
    const payload = payloadOf(server.requests);
    const shares = { written_share: written / payload, lasting_share: (written - room) / payload };
    return { gaps: gapsOf(server.requests), ...shares, keeps };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
};

const gapsOf = (requests: readonly ChatRecord[]): number[] =>
  requests.slice(1).flatMap((request, index) => {
    const answered = requests[index]?.answered_at ?? null;
    return answered === null ? [] : [request.received_at - answered];
  });

const Conversation = z.object({ messages: z.array(z.object({ role: z.string() }).loose()) });

/** Each request brings the model's last answer and what came of it. */
const payloadOf = (requests: readonly ChatRecord[]): number =>
  requests.slice(1).reduce((sum, { body }) => {
    const { messages } = Conversation.parse(JSON.parse(body));
    return sum + Buffer.byteLength(JSON.stringify(messages.slice(-2)));
  }, 0);
