import { userInfo } from "node:os";
import { timerMs } from "../../schemas/primitives.ts";
import { fail } from "../../schemas/errors.ts";
import { toolchainVariables } from "../workspace/toolchains.ts";
import { boundedOutput } from "./output.ts";
import { endingSignal, killGroup, releaseGroup, spawnGroup } from "./process-group.ts";
import { traceVariables } from "./trace.ts";

/** How long output is read after the program itself has ended. */
const DAEMON_GRACE_MS = 500;

export interface ProcessRequest {
  /** The program and its arguments. No shell interprets them. */
  command: readonly [string, ...string[]];
  /** The absolute path of the working folder. */
  cwd: string;
  /** The whole environment of the process. See `childEnvironment`. */
  env: Record<string, string>;
  timeout_ms: number;
  /** The maximum output that is kept. Of a longer output, the head and the tail are kept. */
  output_bytes: number;
}

export interface ProcessResult {
  /** Null if a signal ended it. */
  exit_code: number | null;
  signal: NodeJS.Signals | null;
  timed_out: boolean;
  /** Standard output and error, in order of arrival. */
  output: string;
  duration_ms: number;
}

/**
 * Runs a program in its own process group until it ends or its deadline passes. The whole group is killed when this
 * settles or this process dies. Errors: `cancelled`; `program_not_started` if it cannot be started.
 */
export const runProcess = (request: ProcessRequest, signal: AbortSignal): Promise<ProcessResult> => {
  const [program, ...args] = request.command;
  const { promise, resolve, reject } = Promise.withResolvers<ProcessResult>();
  if (signal.aborted) return Promise.reject(fail("cancelled", { what: program }));
  const started = performance.now();
  const output = boundedOutput(request.output_bytes);
  let timedOut = false;
  let child: ReturnType<typeof spawnGroup>;
  try {
    child = spawnGroup(program, args, { cwd: request.cwd, env: request.env });
  } catch (error) {
    // Some arguments are impossible, such as one with a zero byte.
    return Promise.reject(fail("program_not_started", { program, reason: startFailure(error) }));
  }
  child.stdout.on("data", output.add);
  child.stderr.on("data", output.add);

  const cancel = (): void => {
    killGroup(child);
    release();
    reject(fail("cancelled", { what: program }));
  };
  const deadline = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, timerMs(request.timeout_ms));
  signal.addEventListener("abort", cancel, { once: true });
  const release = (): void => {
    clearTimeout(deadline);
    signal.removeEventListener("abort", cancel);
    releaseGroup(child);
  };

  child.once("error", (error) => {
    release();
    reject(fail("program_not_started", { program, reason: startFailure(error) }));
  });
  // Processes that it left running keep its pipes open, so "close" comes only after the group has ended. This
  // does not wait for a daemon that has left the group.
  child.once("exit", () => {
    killGroup(child);
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, DAEMON_GRACE_MS).unref();
  });
  child.once("close", (exitCode, signalName) => {
    release();
    const endedBy = endingSignal(exitCode, signalName);
    const duration = performance.now() - started;
    resolve({
      exit_code: endedBy === null ? exitCode : null,
      signal: endedBy,
      timed_out: timedOut,
      output: output.text(),
      duration_ms: duration,
    });
  });
  return promise;
};

const startFailure = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOENT") return "it is not installed";
  if (code === "ERR_INVALID_ARG_VALUE") return "its arguments hold a zero byte";
  return typeof code === "string" ? code : "it could not be started";
};

const passedOn =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|VIRTUAL_ENV|TMPDIR|TEMP|TMP|SystemRoot|ComSpec|PATHEXT|https?_proxy|no_proxy|NODE_USE_ENV_PROXY)$/i;

/** The user's home folder in the system's list of users; null if this user is not in it. */
const registeredHome = (): string | null => {
  try {
    return userInfo().homedir;
  } catch {
    return null;
  }
};

/**
 * The home folder for Java, which takes it from the system's list of users and not from HOME. In a sandbox with
 * another home folder, its tools would look for their downloads in a folder that does not exist.
 */
const javaHome = (): Record<string, string> => {
  const { HOME } = process.env;
  if (HOME === undefined || HOME === registeredHome()) return {};
  const option = `-Duser.home=${HOME}`;
  return { MAVEN_OPTS: option, GRADLE_OPTS: option, SBT_OPTS: option };
};

/**
 * The environment of a command: what a program needs to run, where toolchains are, our own
 * `CODITECT_INSTANCE`, `CI`, no colours, and the current trace. Nothing else of the worker's environment
 * is included, so that no key gets through.
 */
export const childEnvironment = (extra: Record<string, string> = {}): Record<string, string> => {
  const isKept = (name: string): boolean =>
    passedOn.test(name) || toolchainVariables.has(name) || name === "CODITECT_INSTANCE";
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isKept(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    ...javaHome(),
    CI: "true",
    NO_COLOR: "1",
    ...traceVariables(),
    ...extra,
  };
};
