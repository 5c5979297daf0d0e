import * as vscode from "vscode";
import type { RuntimeEvent } from "../schemas/events.ts";
import { permissionQuestion, type PermissionRequest } from "../schemas/permissions.ts";
import type { ServerQuestion } from "../schemas/questions.ts";
import { isRunActive, offersResume } from "../schemas/statuses.ts";
import type { Context } from "./context.ts";
import type { CommandId } from "./contributions.ts";
import { isCatalogued, offer as offerWays, showError } from "./errors.ts";
import type { FolderEvent, RuntimeState } from "./runtime/api.ts";
import { setting } from "./settings.ts";
import { formatCost } from "./tree/item.ts";
import { nodeId } from "./tree/nodes.ts";
import type { RunRecord } from "./tree/model.ts";
import { helpFor, type Way } from "./ways.ts";
import { runStatusText, runTitle } from "./tree/run-items.ts";
import { askServerQuestion } from "./server-question.ts";
import { sayInformation, sayWarning } from "./say.ts";

/** Notifies the user when a run has ended or is waiting for a decision. */
export const notifyOfRuns = (context: Context): vscode.Disposable => {
  const { runtime, sidebar, log } = context;
  /** Runs that were active when the runtime ended. */
  let interrupted: RunRecord[] = [];

  const onEvent = async ({ folder, event }: FolderEvent): Promise<void> => {
    if (event.type === "approval.needed") await askApproval(context, event);
    else if (event.type === "permission.needed") await askPermission(context, folder, event.permission);
    else if (event.type === "question.needed") await answerServer(context, folder, event.question);
    else if (event.type === "run.finished") await sayEnd(context, event);
  };
  const onState = async (state: RuntimeState): Promise<void> => {
    if (state.kind === "starting")
      interrupted = [...sidebar.model.runs.values()].filter(({ status }) => isRunActive(status));
    else if (state.kind === "unusable") await sayUnusable(state);
    else if (state.kind === "ready") {
      const runs = interrupted;
      interrupted = [];
      for (const run of runs) await resumeInterrupted(context, run);
    }
  };
  const reported = (work: Promise<void>): void => {
    work.catch((error: unknown) => showError(error, log));
  };
  return vscode.Disposable.from(
    runtime.onEvent((event) => {
      reported(onEvent(event));
    }),
    runtime.onState((state) => {
      reported(onState(state));
    }),
  );
};

/** Resumes the runs that were active when the runtime crashed. */
const resumeInterrupted = async (context: Context, run: RunRecord): Promise<void> => {
  const { run: stored } = await context.runtime.call("runs/get", { task_id: run.task_id }, run.folder);
  if (stored.status !== "Interrupted") return;
  // Loaded now and not at activation, like all commands.
  const { resume } = await import("./commands/control.ts");
  await resume(context, run);
  await context.sidebar.loadRun(run.folder, run.task_id);
};

const offer = async (
  message: string,
  ways: Partial<Record<string, CommandId>>,
  argument: string,
  show: (message: string, ...items: string[]) => Thenable<string | undefined>,
): Promise<void> => {
  const chosen = await show(message, ...Object.keys(ways));
  const command = chosen === undefined ? undefined : ways[chosen];
  if (command !== undefined) await vscode.commands.executeCommand(command, argument);
};

type Finished = Extract<RuntimeEvent, { type: "run.finished" }>;

const sayEnd = async (context: Context, event: Finished): Promise<void> => {
  const run = context.sidebar.model.runs.get(event.task_id);
  if (run === undefined || event.status === "Cancelled") return;
  const node = nodeId.run(run.task_id);
  const facts = [runStatusText(event.status, vscode.l10n), run.model, formatCost(event.usage.cost)];
  // The task may end with a period.
  const title = runTitle(run).replace(/[.:]+$/, "");
  const said = `${title}: ${facts.filter((fact) => fact !== "").join(" · ")}`;
  if (event.status === "Succeeded") {
    if (event.changes.length === 0) await offer(said, {}, node, sayInformation);
    else if (setting("changes.autoApply", vscode.Uri.parse(run.folder))) await applyAll(context, run, said);
    else {
      const ways = { [vscode.l10n.t("Review Changes")]: "coditect.reviewChanges" } as const;
      await offer(said, ways, node, sayInformation);
    }
    return;
  }
  const { error } = event;
  const help = helpFor(error?.code ?? "", error?.next_step ?? null);
  const why = error === null ? said : `${said}. ${error.message} ${help.nextStep}`;
  const failed = event.stages.find(({ status }) => status === "Failed");
  const ways: Way[] = [
    ...(offersResume(event.status)
      ? [{ title: vscode.l10n.t("Resume"), command: "coditect.resumeRun", argument: node } as const]
      : []),
    ...(failed !== undefined && error?.retryable === true
      ? [
          {
            title: vscode.l10n.t("Try Again"),
            command: "coditect.retryStage",
            argument: nodeId.stage(run.task_id, failed.name),
          } as const,
        ]
      : []),
    ...help.ways,
    // If no agent could start, there is nothing to read.
    ...(help.ways.length === 0
      ? [
          {
            title: vscode.l10n.t("Show Transcript"),
            command: "coditect.showTranscript",
            argument: node,
          } as const,
        ]
      : []),
  ];
  const chosen = await sayWarning(why.trim(), ...ways.map(({ title }) => title));
  const way = ways.find(({ title }) => title === chosen);
  if (way !== undefined) await vscode.commands.executeCommand(way.command, way.argument);
};

const applyAll = async ({ review }: Context, run: RunRecord, said: string): Promise<void> => {
  const { conflicts, unsaved } = await review.accept(run.folder, run.task_id, null, false);
  const message =
    conflicts.length > 0
      ? vscode.l10n.t("{0}. Not applied, because you changed them too: {1}", said, conflicts.join(", "))
      : unsaved.length > 0
        ? vscode.l10n.t("{0}. Applied but not saved: {1}", said, unsaved.join(", "))
        : vscode.l10n.t("{0}. The changes were applied.", said);
  await offer(message, {}, nodeId.run(run.task_id), sayInformation);
};

/** Names the agent that wants to continue, its model and its input. */
const askApproval = async (
  { sidebar }: Context,
  event: Extract<RuntimeEvent, { type: "approval.needed" }>,
): Promise<void> => {
  const run = sidebar.model.runs.get(event.task_id);
  if (run === undefined) return;
  const message = vscode.l10n.t(
    "{0}, stage {1} ({2}): {3}",
    runTitle(run),
    event.stage,
    run.model,
    event.question,
  );
  const ways = {
    [vscode.l10n.t("Approve")]: "coditect.approveStage",
    [vscode.l10n.t("Reject")]: "coditect.rejectStage",
    [vscode.l10n.t("Review Changes")]: "coditect.reviewChanges",
  } as const;
  await offer(message, ways, nodeId.run(run.task_id), sayWarning);
};

/** Asks whether an agent may start a program or connect to a host. Closing the message means no. */
const askPermission = async (
  { runtime }: Context,
  folder: string,
  request: PermissionRequest,
): Promise<void> => {
  const once = vscode.l10n.t("Allow Once");
  const always = vscode.l10n.t("Allow in This Workspace");
  const deny = vscode.l10n.t("Don't Allow");
  const question = permissionQuestion(request, vscode.l10n);
  const message = vscode.l10n.t("{0} Command: {1}", question, request.command);
  const chosen = await sayWarning(message, once, always, deny);
  const decision = chosen === once ? "allow_once" : chosen === always ? "allow_always" : "deny";
  const { permission_id } = request;
  await unlessTooLate(runtime.call("permissions/answer", { permission_id, decision }, folder));
};

/** Shows a question of a tool server. */
const answerServer = async (
  { runtime }: Context,
  folder: string,
  question: ServerQuestion,
): Promise<void> => {
  const answer = await askServerQuestion(question);
  const { question_id } = question;
  await unlessTooLate(runtime.call("questions/answer", { question_id, answer }, folder));
};

/** It is not an error if another window answered first or nothing waits for the answer. */
const unlessTooLate = async (answering: Promise<unknown>): Promise<void> => {
  try {
    await answering;
  } catch (error) {
    if (!isCatalogued(error) || error.code !== "not_found") throw error;
  }
};

const sayUnusable = async ({ reason, code }: Extract<RuntimeState, { kind: "unusable" }>): Promise<void> => {
  const message = vscode.l10n.t("The CODITECT runtime cannot be used: {0}", reason);
  await offerWays(message, helpFor(code, null).ways);
};
