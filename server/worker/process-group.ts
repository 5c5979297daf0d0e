import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";
import { delimiter, isAbsolute, join, sep } from "node:path";
import { isProgram } from "../workspace/file-access.ts";
import { commandUser } from "./command-user.ts";

/**
 * A guard that ends the processes that our children started. Each child leads its own process group, which would
 * survive if this process were killed. The guard is a shell that waits for the end of a pipe and then kills the
 * remaining groups.
 */
const GUARD_SCRIPT = `
groups=""
while read -r line; do groups="$line"; done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

const groups = new Set<number>();
let guard: ChildProcess | null = null;

/** The options of a child that callers can choose. */
type GroupOptions = Pick<SpawnOptions, "cwd" | "env">;

/** Starts a program as the leader of a process group that never outlives this process. */
export const spawnGroup = (program: string, args: readonly string[], options: GroupOptions) => {
  const hasGroups = process.platform !== "win32";
  // A sandbox or container ends its processes when we end.
  const needsGuard = hasGroups && process.env.CODITECT_CONFINED !== "1";
  // The guard starts first, so that no child runs without it.
  if (needsGuard) guard ??= startGuard();
  const [command, ...words] = shielded([program, ...args], options.env);
  const user = commandUser();
  const child = spawn(command, words, {
    ...options,
    ...(user !== null && { uid: user }),
    stdio: ["ignore", "pipe", "pipe"],
    detached: hasGroups,
    windowsHide: true,
  });
  if (hasGroups && child.pid !== undefined) {
    groups.add(child.pid);
    tellGuard();
  }
  return child;
};

/** In our own sandbox, the driver defines how a command starts, so that it cannot reach the worker. See `Shield`. */
const shielded = (
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv | undefined,
): readonly [string, ...string[]] => {
  const [program] = command;
  const [first, ...words] = (process.env.CODITECT_SHIELD ?? "").split(" ");
  // A program that is not installed is started directly, so that the error names it.
  if (first === undefined || first === "" || !isInstalled(program, env?.PATH ?? "")) return command;
  return [first, ...words, ...command];
};

/** Signals that end a program, from outside or after a fatal failure. */
const endings: readonly NodeJS.Signals[] = [
  ...(["SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT", "SIGBUS"] as const),
  ...(["SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS", "SIGXCPU", "SIGXFSZ"] as const),
];

/**
 * The signal that ended a command; null if it ended by itself. The program that starts it in its own namespaces
 * reports a signal as a shell does, with an exit code of 128 plus the signal's number.
 */
export const endingSignal = (code: number | null, signal: NodeJS.Signals | null): NodeJS.Signals | null => {
  if (code === null || process.env.CODITECT_SHIELD?.includes("--unshare-pid") !== true) return signal;
  return endings.find((name) => constants.signals[name] + SIGNALLED === code) ?? null;
};

const SIGNALLED = 128;

const isInstalled = (program: string, path: string): boolean =>
  isAbsolute(program)
    ? isProgram(program)
    : program.includes(sep) || path.split(delimiter).some((folder) => isProgram(join(folder, program)));

/** Forgets the group of a child that has ended. */
export const releaseGroup = (child: ChildProcess): void => {
  if (child.pid !== undefined && groups.delete(child.pid)) tellGuard();
};

/** Kills a child and its group at once. Does nothing if they have ended. */
export const killGroup = (child: ChildProcess): void => {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    if (child.exitCode === null)
      spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // With ESRCH, nothing of the group is left.
  }
};

const startGuard = (): ChildProcess => {
  const shell = spawn("/bin/sh", ["-c", GUARD_SCRIPT], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // If there is no shell, as in some containers, the groups end with the container.
  shell.on("error", () => undefined);
  shell.stdin.on("error", () => undefined);
  // The guard and the pipe to it must not keep this process alive.
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return shell;
};

const tellGuard = (): void => {
  guard?.stdin?.write(`${[...groups].join(" ")}\n`);
};
