import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { builtInScript } from "../../../server/rehearsal/built-in.ts";
import { REHEARSAL_MODEL, type RehearsalServer, startRehearsal } from "../../../server/rehearsal/server.ts";
import { cleanEnvironment, root } from "../../support/command.ts";

/** The Coder is at work then. */
const KILLED_AT_REQUEST = 5;
const DEADLINE_MS = 30_000;

/** Every event of a run has it. */
const RunEvent = z.object({ task_id: z.string() });

/**
 * Milliseconds from SIGKILL of a running `coditect run` to the first model request of the
 * `coditect resume` that goes on with it.
 */
export const timesAfterKill = async (kills: number): Promise<number[]> => {
  const script = await builtInScript("tdd");
  const times: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const server = await startRehearsal([script]);
    const workspace = await mkdtemp(join(tmpdir(), "coditect-bench-"));
    try {
      await cp(join(root, "media", "sample"), workspace, { recursive: true });
      times.push(await timeAfterKill(server, workspace, script.task));
    } finally {
      await server.close();
      await rm(workspace, { recursive: true, force: true });
    }
  }
  return times;
};

const timeAfterKill = async (server: RehearsalServer, workspace: string, task: string): Promise<number> => {
  const run = start(server, workspace, "run", "tdd", "src/bill.js", "--task", task);
  const output = text(run.stdout);
  await asked(server, KILLED_AT_REQUEST);
  run.kill("SIGKILL");
  const at = performance.now();
  const [first = ""] = (await output).split("\n");
  const before = server.requests.length;

  const resumed = start(server, workspace, "resume", RunEvent.parse(JSON.parse(first)).task_id);
  resumed.stdout.resume();
  const ended = once(resumed, "exit");
  const again = await asked(server, before + 1);
  await ended;
  return again.received_at - at;
};

const start = ({ endpoint }: RehearsalServer, workspace: string, ...args: string[]) => {
  const model = ["--provider", "ollama", "--model", REHEARSAL_MODEL, "--endpoint", endpoint];
  const all = [join(root, "dist", "cli.js"), ...args, "--workspace", workspace, "--json", ...model];
  return spawn(process.execPath, all, { env: cleanEnvironment({}), stdio: ["ignore", "pipe", "ignore"] });
};

/** The model request of that number, counted from 1, as soon as it is there. */
const asked = async ({ requests }: RehearsalServer, number: number) => {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const request = requests[number - 1];
    if (request !== undefined) return request;
    if (performance.now() > deadline) throw new Error(`the model was never asked for the ${number}. time`);
    await setTimeout(1);
  }
};
