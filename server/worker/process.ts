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
  /** Program, then its arguments; no shell reads them. */
  command: readonly [string, ...string[]];
  /** Working folder, absolute. */
  cwd: string;
  /** The whole environment of the process: see `childEnvironment`. */
  env: Record<string, string>;
  timeout_ms: number;
  /** Longest output that is kept; of a longer one, the head and the tail. */
  output_bytes: number;
}

export interface ProcessResult {
  /** `null` if a signal ended it. */
  exit_code: number | null;
  signal: NodeJS.Signals | null;
  timed_out: boolean;
  /** Standard output and error, as they came. */
  output: string;
  duration_ms: number;
}

/**
 * Runs a program in its own process group, until it ends or its deadline passes. Everything it started
 * has ended when this settles, and when this process dies: the whole group is killed. Errors:
 * `cancelled`; `program_not_started` if it cannot be started.
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
    // Arguments that no program can get, such as one with a zero byte.
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
  // Processes that it left running hold its pipes open: the group ends first, then "close" comes. A
  // daemon that left the group is not waited for.
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
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|SystemRoot|ComSpec|PATHEXT|https?_proxy|no_proxy|NODE_USE_ENV_PROXY)$/i;

/** The user's home folder as the system lists it; null: it does not know this user. */
const registeredHome = (): string | null => {
  try {
    return userInfo().homedir;
  } catch {
    return null;
  }
};

/**
 * Java takes the home folder from the system's list of users, and not from HOME: where a sandbox has
 * another one, its tools would look for their downloads in a folder that does not exist.
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
