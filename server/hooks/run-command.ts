import { spawn } from "node:child_process";
import { once } from "node:events";
import type { CommandHook } from "../../schemas/hooks.ts";
import { closeLeftPipes } from "../tools/left-pipes.ts";
import type { ServerSandbox } from "../tools/server-sandbox.ts";
import type { Said } from "./decision.ts";

/** Characters of what a hook prints that are kept. */
const MOST_PRINTED = 1 << 20;
const MOST_SAID = 2000;
/** Exit code with which a hook refuses its step, as in Claude Code. */
const REFUSED = 2;

interface Place {
  workspace: string;
  sandbox: ServerSandbox;
}

/** Collects what is printed up to a limit, and reads the rest so that the pipe never fills up. */
const collect = (stream: NodeJS.ReadableStream): (() => string) => {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < MOST_PRINTED) chunks.push(chunk);
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8").slice(0, MOST_PRINTED);
};

/**
 * Runs the command of a hook in its sandbox, with its input on standard input. It sees the workspace and
 * writes only to a scratch folder. Throws for any exit code but 0 and 2.
 */
export const runCommandHook = async (
  { command, sandbox }: CommandHook,
  told: string,
  place: Place,
  signal: AbortSignal,
): Promise<Said> => {
  const script = `cd "$CODITECT_PROJECT_DIR" || exit 1\n${command}`;
  const folders = { CODITECT_PROJECT_DIR: place.workspace, CLAUDE_PROJECT_DIR: place.workspace };
  const server = { command: "/bin/sh", args: ["-c", script], env: {}, sandbox };
  const confined = await place.sandbox.command(server, folders);
  signal.throwIfAborted();
  const child = spawn(confined.command, confined.args, {
    env: confined.env,
    cwd: confined.folder,
    stdio: "pipe",
    // A group of its own: what the command started ends with it.
    detached: true,
  });
  closeLeftPipes(child);
  const [printed, complained] = [collect(child.stdout), collect(child.stderr)];
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // All of it has ended.
    }
  };
  signal.addEventListener("abort", kill, { once: true });
  // A hook does not have to read its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(told);
  try {
    // Listened for before anything is waited for: a short command has ended by then.
    const [exited, closed] = [once(child, "exit"), once(child, "close")];
    // Where it cannot be started, the next line says so.
    for (const end of [exited, closed]) end.catch(() => undefined);
    await once(child, "spawn");
    const [code] = (await exited) as [number | null];
    kill();
    await closed;
    signal.throwIfAborted();
    if (code === 0) return { outcome: "answered", text: printed() };
    if (code === REFUSED) return { outcome: "refused", text: complained().slice(0, MOST_SAID) };
    const said = complained().trim().slice(-MOST_SAID);
    throw new Error(`it ended with exit code ${code ?? "none"}${said === "" ? "" : `: ${said}`}`);
  } finally {
    signal.removeEventListener("abort", kill);
    kill();
  }
};
