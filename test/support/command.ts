import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { RuntimeEvent } from "../../schemas/events.ts";
import { commandLine } from "./product.ts";

export const root = join(import.meta.dirname, "..", "..");

export interface CommandResult {
  exit_code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  child: ChildProcess;
  result: Promise<CommandResult>;
}

/** An environment without keys, settings of colours, and signs of CI or other programs. */
export const cleanEnvironment = (extra: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const own = /^(ANTHROPIC|GEMINI|HF_|OLLAMA|CODITECT|NO_COLOR|FORCE_COLOR|CI$|npm_)/;
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(inherited), ...extra };
};

/** Starts the real command line from the sources, in a separate process. */
export const startCommand = (
  args: readonly string[],
  {
    folder = root,
    environment = {},
    input = "",
  }: { folder?: string; environment?: NodeJS.ProcessEnv; input?: string } = {},
): RunningCommand => {
  const child = spawn(process.execPath, [commandLine, ...args], {
    cwd: folder,
    env: cleanEnvironment(environment),
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const result = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(
    ([exit_code, stdout, stderr]) => ({ exit_code, stdout, stderr }),
  );
  return { child, result };
};

export const runCommand = (
  args: readonly string[],
  options?: Parameters<typeof startCommand>[1],
): Promise<CommandResult> => startCommand(args, options).result;

/** The events in the output of `--json`. Throws if the output contains anything else. */
export const eventsOf = (stdout: string): RuntimeEvent[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => RuntimeEvent.parse(JSON.parse(line)));

type Finished = Extract<RuntimeEvent, { type: "run.finished" }>;

/** The last event of a run, which must be its end. */
export const lastOf = (events: readonly RuntimeEvent[]): Finished => {
  const last = events.at(-1);
  assert.ok(last?.type === "run.finished", "the last event is run.finished");
  return last;
};
