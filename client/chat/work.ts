import * as vscode from "vscode";
import type { RuntimeEvent } from "../../schemas/events.ts";
import { commandOrigin } from "../../schemas/run-origin.ts";
import { startRun, type StartRequest } from "../commands/start.ts";
import type { Context } from "../context.ts";
import { describeEvent, type Outcome } from "./summary.ts";

type RunEvent = Extract<RuntimeEvent, { task_id: string }>;

/**
 * Starts a run for chat or a tool and waits for its end. If the token is cancelled, the run is cancelled.
 * `name`: the chat command or tool, for the run's trace. `tell` gets each stage when it starts and each gate
 * when it was proven.
 */
export const workThrough = async (
  context: Context,
  name: string,
  request: StartRequest,
  tell: (line: string) => void,
  token: vscode.CancellationToken,
): Promise<Outcome> => {
  const { runtime, sidebar } = context;
  const command = commandOrigin(name);
  const folder = request.folder.uri.toString();
  const ended = Promise.withResolvers<Outcome["end"]>();
  const fail = (error: unknown): void => {
    ended.reject(error instanceof Error ? error : new Error(String(error)));
  };
  /** Events that arrived before the run's ID was known. The run may already have ended. */
  const early: RunEvent[] = [];
  let handle = (event: RunEvent): void => void early.push(event);
  const subscriptions = [
    runtime.onEvent(({ event }) => {
      if ("task_id" in event) handle(event);
    }),
    runtime.onState((state) => {
      if (state.kind === "unusable") fail(new Error(state.reason));
    }),
  ];
  try {
    const task_id = await startRun({ ...context, command }, { ...request, unattended: true });
    handle = (event) => {
      if (event.task_id !== task_id) return;
      const line = describeEvent(event, vscode.l10n);
      if (line !== null) tell(line);
      if (event.type === "run.finished") ended.resolve(event);
    };
    early.forEach(handle);
    const cancel = (): void => {
      runtime.call("runs/cancel", { task_id }, folder).catch(fail);
    };
    subscriptions.push(token.onCancellationRequested(cancel));
    if (token.isCancellationRequested) cancel();
    const end = await ended.promise;
    const run = sidebar.model.runs.get(task_id);
    if (run === undefined) throw new Error(vscode.l10n.t("the run no longer exists"));
    return { run, end };
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
};
