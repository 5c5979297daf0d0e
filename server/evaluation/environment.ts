import { join } from "node:path";
import type { StartRun } from "../../schemas/contract.ts";
import { fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { RunOptions } from "../../schemas/run.ts";
import type { Settings } from "../../schemas/settings.ts";
import { configurationAllowed, openConsents } from "../platform/consents.ts";
import { createRuntime, type Runtime } from "../runtime/runtime.ts";
import type { Caller } from "../handlers/handlers.ts";
import type { Credentials } from "../gateway/gateway.ts";
import type { WorkerEntry } from "../platform/installation.ts";
import type { Log } from "../platform/log.ts";

/** The settings of every trial of an evaluation. */
export interface EvaluationEnvironment {
  settings: Settings;
  /** Provider, limits and runtime of instances. They are the same for every trial. */
  options: Partial<RunOptions>;
  credentials: Credentials;
  worker: WorkerEntry;
  log: Log;
  /** Called with what the user must know about where commands run, such as that there is no sandbox. */
  notice: (message: string) => void;
}

type Finished = Extract<RuntimeEvent, { type: "run.finished" }>;

const caller: Caller = { role: "admin", surface: "cli" };

/** Starts a run and resolves when it ends. If the signal aborts, the run is cancelled first. */
const runToEnd = async (
  runtime: Runtime,
  request: Pick<StartRun, "task" | "file"> & { team_id: string; options: Partial<RunOptions> },
  signal: AbortSignal,
): Promise<Finished> => {
  const finished: Finished[] = [];
  const ended = Promise.withResolvers<undefined>();
  const stop = runtime.subscribe((event) => {
    if (event.type !== "run.finished") return;
    finished.push(event);
    ended.resolve(undefined);
  });
  try {
    // The run must not be interrupted between its start and its ID.
    const { task_id } = await runtime.dispatch(
      "teams/execute",
      request,
      caller,
      new AbortController().signal,
    );
    const cancel = () => {
      runtime.dispatch("runs/cancel", { task_id }, caller, new AbortController().signal).catch(ended.reject);
    };
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    await ended.promise;
    signal.removeEventListener("abort", cancel);
    const [end] = finished;
    if (signal.aborted || end === undefined) throw fail("cancelled", { what: "The evaluation" });
    return end;
  } finally {
    stop();
  }
};

export interface Outcome {
  finished: Finished;
  /** Seconds from the start of the run to its end. */
  seconds: number;
}

/**
 * Runs a team on a project with its own runtime and state, and writes the changes into the project, whether
 * or not its gates held.
 *
 * @param scratch absolute path of a folder for all files of the run.
 */
export const runTeamOn = async (
  environment: EvaluationEnvironment,
  workspace: string,
  scratch: string,
  { workflow, task, file }: { workflow: string; task: string; file: string | null },
  signal: AbortSignal,
): Promise<Outcome> => {
  const { settings, options, credentials, worker, log, notice } = environment;
  const runtime = await createRuntime({
    ...{ workspace, credentials, worker, log },
    consents: configurationAllowed(openConsents(workspace)),
    stateFolder: join(scratch, "state"),
    copiesFolder: join(scratch, "copies"),
    // Samples must be independent of each other.
    settings: { ...settings, response_cache: false, lessons: false, auto_apply: false },
  });
  runtime.subscribe((event) => {
    if (event.type === "notice") notice(event.message);
  });
  try {
    const started = performance.now();
    const request = { team_id: workflow, task, file, options };
    const finished = await runToEnd(runtime, request, signal);
    const seconds = (performance.now() - started) / 1000;
    if (finished.changes.length > 0)
      await runtime.dispatch("changes/apply", { task_id: finished.task_id }, caller, signal);
    return { finished, seconds };
  } finally {
    await runtime.close();
  }
};
