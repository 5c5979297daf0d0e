import { resolve } from "node:path";
import type { MethodInput, RunDetails } from "../../../../schemas/contract.ts";
import type { AIProvider } from "../../../../schemas/agent.ts";
import type { RunOptions, TeamRun } from "../../../../schemas/run.ts";
import { loadRunView, newRunView, type RunView } from "../../../../schemas/run-view.ts";
import { withRuntime } from "../session/open-for-runs.ts";
import { ensureModel } from "../session/first-model.ts";
import { exitCodeOf, exitCodes } from "../session/exit.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { follow } from "../session/follow.ts";
import type { Interruption } from "../session/interruption.ts";
import {
  chosenProvider,
  parseRunFlags,
  processOrigin,
  type RunFlags,
  runOptionsOf,
} from "../session/options.ts";
import { forecastLine } from "../display/forecast.ts";
import { report } from "../display/outcome.ts";
import { collectChanges, hasConflict, writeSarif } from "../session/changes.ts";
import { askPerson, isThere, readLine, withConsent } from "../session/consent.ts";
import { jsonProgress, liveProgress, plainProgress, type Progress } from "../display/progress.ts";
import { findTarget, findWorkspace, textOrFile, type Target } from "../session/target.ts";
import type { CommandContext } from "../display/terminal.ts";
import type { RunFinished } from "../../../../schemas/events.ts";

/** `coditect run`. Resolves with the exit code. */
export const runTeam = async (
  workflow: string,
  file: string | undefined,
  flagsAsGiven: unknown,
  context: CommandContext,
): Promise<number> => {
  const flags = parseRunFlags(flagsAsGiven);
  // Flags are checked first, so that a wrong one does not leave a copy of the sample behind.
  chosenProvider(flags, context.environment);
  const target = await findTarget(workflow, file, flags, context.currentFolder);
  try {
    const begun = { rehearsal: false };
    const code = await withRuntime(target, flags, context, async ({ connection, provider, interruption }) => {
      const { task, file: path, data } = target;
      const check = () =>
        ensureModel({ team_id: workflow, provider }, connection, flags, context, interruption.signal);
      const answer = await withConsent(check, connection, flags, context);
      begun.rehearsal = answer === "rehearsal";
      if (answer === "rehearsal") return exitCodes.held;
      const options = optionsOf("run", flags, answer.provider, context);
      const request = { team_id: workflow, task, file: path, data, options };
      // The command tries to start the run again after each consent.
      let isForecast = flags.json;
      const start = async () => {
        if (!isForecast) await showForecast(connection, request, context);
        isForecast = true;
        return connection.call("teams/execute", request);
      };
      return seeThrough({ connection, start, workflow, target, flags, interruption, context });
    });
    if (begun.rehearsal) return await runTeam(workflow, undefined, { provider: "rehearsal" }, context);
    if (code === exitCodes.cancelled) await target.discard();
    return code;
  } catch (error) {
    await target.discard();
    throw error;
  }
};

/** Shows the forecast before the run starts. The start itself reports problems of the request. */
const showForecast = async (
  connection: Connection,
  request: MethodInput<"teams/forecast">,
  { terminal }: CommandContext,
): Promise<void> => {
  const forecast = await connection.call("teams/forecast", request).catch(() => null);
  if (forecast !== null) terminal.err(`${terminal.style("dim", forecastLine(forecast))}\n`);
};

/** `coditect resume`. Resolves with the exit code. */
export const resumeRun = async (
  taskId: string,
  flagsAsGiven: unknown,
  context: CommandContext,
): Promise<number> => {
  const flags = parseRunFlags(flagsAsGiven);
  const workspace = await findWorkspace(flags, context.currentFolder);
  return withRuntime({ workspace }, flags, context, async ({ connection, provider, interruption }) => {
    const { task, executions } = await connection.call("runs/get", { task_id: taskId });
    const options = optionsOf("resume", flags, provider, context);
    const start = () => connection.call("runs/resume", { task_id: taskId, options });
    const target = { workspace, file: task.file, isSample: false };
    const earlier = { start, workflow: task.workflow, executions };
    return seeThrough({ connection, ...earlier, target, flags, interruption, context });
  });
};

/** `coditect retry`: a new run that reuses everything before the stage. */
export const retryRun = async (
  taskId: string,
  stage: string,
  flagsAsGiven: unknown,
  context: CommandContext,
): Promise<number> => {
  const flags = parseRunFlags(flagsAsGiven);
  const workspace = await findWorkspace(flags, context.currentFolder);
  const prompt = flags.prompt === undefined ? null : await textOrFile(flags.prompt, context.currentFolder);
  return withRuntime({ workspace }, flags, context, async ({ connection, provider, interruption }) => {
    const { task } = await connection.call("runs/get", { task_id: taskId });
    const options = optionsOf("retry", flags, provider, context);
    const start = () => connection.call("runs/retry", { task_id: taskId, stage, options, prompt });
    const target = { workspace, file: task.file, isSample: false };
    return seeThrough({ connection, start, workflow: task.workflow, target, flags, interruption, context });
  });
};

/** The options of the run. Its agents may ask for permissions if a person can answer. */
const optionsOf = (
  command: string,
  flags: RunFlags,
  provider: AIProvider | null,
  context: CommandContext,
): Partial<RunOptions> => ({
  ...runOptionsOf(flags, provider),
  ask_permissions: isThere(flags, context),
  started_by: processOrigin(command, context.environment),
});

interface Started {
  connection: Connection;
  start: () => Promise<TeamRun>;
  workflow: string;
  /** The values of the run so far, if it is resumed. */
  executions?: RunDetails["executions"];
  target: Pick<Target, "workspace" | "file" | "isSample">;
  flags: RunFlags;
  interruption: Interruption;
  context: CommandContext;
}

const progressOf = (view: RunView, { target, flags, context }: Started): Promise<Progress> => {
  if (flags.json) return Promise.resolve(jsonProgress(context.terminal));
  if (context.terminal.interactive) return liveProgress(view, target.file, context.terminal);
  return Promise.resolve(plainProgress(view, target.file, context.terminal));
};

/** Follows the run to its end, applies its changes if the flags say so, and reports. */
const seeThrough = async (started: Started): Promise<number> => {
  const { connection, start, workflow, target, flags, interruption, context } = started;
  const view: RunView = { ...newRunView("", new Date().toISOString()), workflow };
  const finished = await follow({
    connection,
    view,
    start: async () => {
      const begun = await withConsent(start, connection, flags, context);
      setImmediate(loadHttpClient);
      loadRunView(view, begun, started.executions ?? []);
      return begun;
    },
    progress: () => progressOf(view, started),
    approve: (question) => askPerson(question, flags, context),
    readLine,
    signal: interruption.signal,
  });
  const changes = await collectChanges(finished, connection, flags.apply, flags.applyAlso);
  if (flags.json) {
    const last: RunFinished = { ...finished, changes: changes?.set.files ?? finished.changes };
    context.terminal.out(`${JSON.stringify(last)}\n`);
  } else {
    report(finished, changes, view, target, context);
  }
  // This comes last, so that a report that cannot be written affects nothing else.
  if (flags.output !== undefined) {
    const path = resolve(context.currentFolder, flags.output);
    await writeSarif(path, finished.findings, changes, target.workspace);
  }
  return hasConflict(changes) ? exitCodes.gate : exitCodeOf(finished);
};

/**
 * Node loads its HTTP client when one of its classes is first created. This does it while the first worker
 * starts, and not when the first model request is sent.
 */
const loadHttpClient = (): void => {
  new Headers();
};
