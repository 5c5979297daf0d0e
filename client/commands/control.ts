import * as vscode from "vscode";
import type { Context } from "../context.ts";
import type { RunRecord } from "../tree/model.ts";
import type { RunOptionsPatch } from "../../schemas/run.ts";
import { runTitle } from "../tree/run-items.ts";
import { executionTarget, nodeOf, runTarget, tell } from "./targets.ts";
import { isRunActive, isRunResumable } from "../../schemas/statuses.ts";

export const cancelRun = async (context: Context, argument: unknown): Promise<void> => {
  const nothing = vscode.l10n.t("No run is active.");
  const run = await runTarget(context, argument, ({ status }) => isRunActive(status), nothing);
  if (run !== null) await context.runtime.call("runs/cancel", { task_id: run.task_id }, run.folder);
};

export const cancelExecution = async (context: Context, argument: unknown): Promise<void> => {
  const target = await executionTarget(context, argument, vscode.l10n.t("No execution is active."));
  if (target === null) return;
  await context.runtime.call("executions/cancel", { execution_id: target.execution_id }, target.folder);
};

export const resumeRun = async (context: Context, argument: unknown): Promise<void> => {
  const nothing = vscode.l10n.t("There is no run to resume.");
  const run = await runTarget(context, argument, ({ status }) => isRunResumable(status), nothing);
  if (run !== null) await resume(context, run);
};

/** Continues a run from its last checkpoint. Model answers that were already paid for are reused. */
export const resume = async (context: Context, run: RunRecord): Promise<void> => {
  const request = { task_id: run.task_id, options: startedBy(context) };
  await context.withConsent(run.folder, runTitle(run), () =>
    context.runtime.call("runs/resume", request, run.folder),
  );
};

/** The command as the origin of the continued run, for its trace. */
const startedBy = ({ command }: Context): RunOptionsPatch =>
  command === undefined ? {} : { started_by: command };

export const retryStage = async (context: Context, argument: unknown): Promise<void> => {
  const nothing = vscode.l10n.t("There is no ended run to retry.");
  const run = await runTarget(context, argument, ({ status }) => !isRunActive(status), nothing);
  if (run === null) return;
  const node = nodeOf(argument);
  const stage = node?.kind === "stage" ? node.stage : await pickStage(run);
  if (stage === undefined) return;
  const request = { task_id: run.task_id, stage, options: startedBy(context) };
  const retried = await context.withConsent(run.folder, runTitle(run), () =>
    context.runtime.call("runs/retry", request, run.folder),
  );
  await context.sidebar.loadRun(run.folder, retried.task_id);
};

/** Asks for the user's rating of an ended run and the reason, as guidance for later runs. */
export const rateRun = async (context: Context, argument: unknown): Promise<void> => {
  const nothing = vscode.l10n.t("No run has ended yet.");
  const run = await runTarget(context, argument, ({ status }) => !isRunActive(status), nothing);
  if (run === null) return;
  const title = runTitle(run);
  const choice = await vscode.window.showQuickPick(
    [
      { label: vscode.l10n.t("Good"), iconPath: new vscode.ThemeIcon("thumbsup"), verdict: "up" as const },
      { label: vscode.l10n.t("Bad"), iconPath: new vscode.ThemeIcon("thumbsdown"), verdict: "down" as const },
    ],
    { title, placeHolder: vscode.l10n.t("What do you think of this run?") },
  );
  if (choice === undefined) return;
  const prompt = vscode.l10n.t("Why? (optional, used as guidance for later runs)");
  const note = (await vscode.window.showInputBox({ title, prompt }))?.trim();
  if (note === undefined) return;
  const rating = { verdict: choice.verdict, note: note === "" ? null : note };
  await context.runtime.call("runs/rate", { task_id: run.task_id, ...rating }, run.folder);
  tell(vscode.l10n.t("Your rating of {0} was saved.", title));
};

const pickStage = (run: RunRecord): Thenable<string | undefined> =>
  vscode.window.showQuickPick([...run.stages.keys()], {
    title: runTitle(run),
    placeHolder: vscode.l10n.t("Select the stage to retry from. Earlier stages are reused."),
  });

/** The question names the agent, the action and the model; there is no anonymous consent. */
export const decideApproval = async (
  context: Context,
  argument: unknown,
  approved: boolean,
): Promise<void> => {
  const nothing = vscode.l10n.t("No run is waiting for your approval.");
  const run = await runTarget(context, argument, ({ status }) => status === "WaitingForApproval", nothing);
  if (run === null) return;
  if (run.approval === null) {
    tell(nothing);
    return;
  }
  const { stage } = run.approval;
  await context.withConsent(run.folder, runTitle(run), () =>
    context.runtime.call("runs/approve", { task_id: run.task_id, stage, approved }, run.folder),
  );
};

export const showTranscript = async (context: Context, argument: unknown): Promise<void> => {
  const target = await executionTarget(context, argument, vscode.l10n.t("No agent has worked here yet."));
  if (target !== null) await context.transcripts.show(target.folder, target.execution_id);
};

export const showPrompt = async (context: Context, argument: unknown): Promise<void> => {
  const target = await executionTarget(context, argument, vscode.l10n.t("No agent has worked here yet."));
  if (target !== null) await context.transcripts.showPrompt(target.folder, target.execution_id);
};

export const filterRuns = async ({ sidebar }: Context): Promise<void> => {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Filter Runs"),
    prompt: vscode.l10n.t("Part of a team, file, stage, status or model"),
    value: sidebar.model.filter,
  });
  if (text !== undefined) sidebar.setFilter(text);
};

/** Starts an instance of an agent of the type, so that the next run need not wait for one. */
export const startInstance = async (
  { sidebar, runtime, withConsent }: Context,
  argument: unknown,
): Promise<void> => {
  const node = nodeOf(argument);
  const found = [...sidebar.model.agents.values()].find(
    ({ agent }) => node?.kind === "type" && agent.agent_type === node.agent_type,
  );
  if (found === undefined) tell(vscode.l10n.t("There is no agent of this type."));
  else {
    const { agent_id, name } = found.agent;
    await withConsent(found.folder, name, () => runtime.call("instances/create", { agent_id }, found.folder));
  }
};

export const setInstanceState = async (
  { sidebar, runtime }: Context,
  argument: unknown,
  state: "Paused" | "Idle" | "Terminated",
): Promise<void> => {
  const node = nodeOf(argument);
  const found = node?.kind === "instance" ? sidebar.model.instances.get(node.instance_id) : undefined;
  if (found === undefined) {
    tell(vscode.l10n.t("This instance has ended."));
    return;
  }
  const { instance_id } = found.instance;
  if (state === "Terminated") await runtime.call("instances/terminate", { instance_id }, found.folder);
  else await runtime.call("instances/setState", { instance_id, state }, found.folder);
};
