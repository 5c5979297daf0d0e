import * as vscode from "vscode";
import { z } from "zod";
import type { AIProvider } from "../../schemas/agent.ts";
import { runForSymbol } from "../../schemas/command-runs.ts";
import { editorCommands } from "../../schemas/editor.ts";
import type { CoditectError } from "../../schemas/errors.ts";
import type { Json } from "../../schemas/primitives.ts";
import type { Context } from "../context.ts";
import { openConfigurationFile } from "../errors.ts";
import { askLanguageServers, type LanguageContext } from "../language-context.ts";
import { chosenProvider, providerOf, runOptions, wantsRehearsal } from "../settings.ts";
import { askTask, suggestionOf } from "./ask-task.ts";
import { forecastText } from "./forecast-text.ts";
import { askedText, type ChosenModel } from "./models.ts";
import { fileTarget, folderTarget } from "./targets.ts";

export interface StartRequest {
  folder: vscode.WorkspaceFolder;
  /** ID or name of the team. */
  team: string;
  task?: string;
  file?: string | null;
  data?: Json;
  provider?: AIProvider | null;
  /** The maximum cost in dollars. Omitted: the limit in the settings. */
  cost?: number | null | undefined;
  /**
   * Whether a program requested the run, such as the model of a chat. In that case, nothing opens in front of
   * the user.
   */
  unattended?: boolean;
  /** What language servers find about the file. Omitted: they are asked when the run starts. */
  language?: LanguageContext;
}

/**
 * Starts a team run with the folder's settings. Resolves with its task ID. If no model can answer, asks the
 * user for one and starts the run with it.
 */
export const startRun = async (context: Context, request: StartRequest): Promise<string> => {
  const language = request.language ?? askLanguageServers(request.folder, request.file ?? null);
  try {
    return await startOrAskForModel(context, { ...request, language });
  } finally {
    language.stop();
  }
};

type CompleteRequest = StartRequest & { language: LanguageContext };

const startOrAskForModel = async (context: Context, request: CompleteRequest): Promise<string> => {
  const { problem, started } = await tryToStart(context, request);
  if (started !== null) return started;
  const { meansNoModel } = await import("../../schemas/model-overview.ts");
  if (request.unattended === true || !meansNoModel(problem.code)) throw problem;
  const { askFirstModel } = await import("./models.ts");
  const chosen = await askFirstModel(context, request.folder, problem.message);
  if (chosen === null) throw problem;
  if (chosen.provider === "Rehearsal") {
    await vscode.commands.executeCommand("coditect.runRehearsal");
    throw new vscode.CancellationError();
  }
  const provider = providerOf(chosen.provider, chosen.model, request.folder);
  const again = await tryToStart(context, { ...request, provider });
  if (again.started === null) throw again.problem;
  return again.started;
};

type Attempt = { started: string; problem: null } | { started: null; problem: CoditectError };

/** `problem`: the reason why no model can answer the agents. In that case nothing was started. */
const tryToStart = async (
  { runtime, sidebar, extension, withConsent, command }: Context,
  request: CompleteRequest,
): Promise<Attempt> => {
  const { folder, team, task = "", file = null, data = null } = request;
  const key = folder.uri.toString();
  const provider = request.provider ?? (await providerFor({ runtime }, folder));
  const options = runOptions(folder, provider);
  if (command !== undefined) options.started_by = command;
  if (request.cost !== undefined) options.limits = { ...options.limits, cost_per_run: request.cost };
  const attempt = await withConsent<Attempt>(key, vscode.l10n.t("The team {0}", team), async () => {
    const { problem } = await runtime.call("models/check", { team_id: team, provider }, key);
    if (problem !== null) {
      const { fromWireError } = await import("../../schemas/errors.ts");
      return { started: null, problem: fromWireError(problem, vscode.l10n) };
    }
    options.editor_context = await request.language.found();
    const run = await runtime.call("teams/execute", { team_id: team, task, file, data, options }, key);
    return { started: run.task_id, problem: null };
  });
  if (attempt.started === null) return attempt;
  await extension.workspaceState.update("lastTeam", team);
  await sidebar.loadRun(key, attempt.started);
  return attempt;
};

/** The provider of the settings. The rehearsal is started first. */
const providerFor = async (
  { runtime }: Pick<Context, "runtime">,
  folder: vscode.WorkspaceFolder,
): Promise<AIProvider | null> =>
  wantsRehearsal(folder)
    ? (await runtime.call("models/rehearsal", {}, folder.uri.toString())).provider
    : chosenProvider(folder);

/** Asks for the task, and starts the team with the user's choices for this run. */
const askAndStart = async (
  context: Context,
  request: StartRequest,
  how: { title: string; placeholder: string; suggestion?: string; mayBeEmpty?: boolean },
): Promise<void> => {
  const { suggestion = "", mayBeEmpty = false } = how;
  const { folder, file = null } = request;
  // Language servers work while the user writes the task.
  const language = askLanguageServers(folder, file);
  try {
    const asked = await askTask(context, folder, {
      ...how,
      suggestion,
      mayBeEmpty,
      forecast: async ({ task, chosen }) => {
        const provider = await providerOfChoice(context, folder, chosen).catch(() => null);
        return expectation(context, { ...request, task, provider });
      },
      models: async ({ chosen }) => {
        const provider =
          (await providerOfChoice(context, folder, chosen)) ?? (await providerFor(context, folder));
        const question = { team_id: request.team, provider };
        const { asked } = await context.runtime.call("models/check", question, folder.uri.toString());
        return askedText(asked);
      },
    });
    if (asked === null) return;
    const { task, chosen, cost } = asked;
    const provider = await providerOfChoice(context, folder, chosen);
    await startRun(context, { ...request, task, provider, cost, language });
  } finally {
    language.stop();
  }
};

/** The user's choices for one run. `null`: the provider in the settings. */
const providerOfChoice = async (
  { runtime }: Context,
  folder: vscode.WorkspaceFolder,
  chosen: ChosenModel | null,
): Promise<AIProvider | null> => {
  if (chosen === null) return null;
  if (chosen.provider !== "Rehearsal") return providerOf(chosen.provider, chosen.model, folder);
  return (await runtime.call("models/rehearsal", {}, folder.uri.toString())).provider;
};

/** The forecast for such a run as text. `null` if the runtime has none. */
const expectation = async (
  context: Context,
  { folder, team, task = "", file = null, provider = null }: StartRequest,
): Promise<string | null> => {
  try {
    const options = runOptions(folder, provider ?? (await providerFor(context, folder)));
    const request = { team_id: team, task, file, options };
    return forecastText(await context.runtime.call("teams/forecast", request, folder.uri.toString()));
  } catch (error) {
    context.log.debug("No forecast of the run", error);
    return null;
  }
};

export const runTdd = async (context: Context, argument: unknown): Promise<void> => {
  const target = fileTarget(argument);
  if (target === null) return;
  const editor = vscode.window.activeTextEditor;
  const isShown = editor?.document.uri.toString() === target.uri.toString();
  await askAndStart(
    context,
    { folder: target.folder, team: "tdd", file: target.path },
    {
      title: vscode.l10n.t("TDD Team on {0}", target.path),
      placeholder: vscode.l10n.t("What should the team build? Leave empty to test and fix this file."),
      suggestion: isShown ? suggestionOf(editor) : "",
      mayBeEmpty: true,
    },
  );
};

const Todo = z.looseObject({ task: z.string() });

/** Works on a TODO, from its Quick Fix. */
export const runTddOnTodo = async (context: Context, argument: unknown): Promise<void> => {
  const { task } = Todo.parse(argument);
  const target = fileTarget(argument);
  if (target !== null)
    await startRun(context, { folder: target.folder, team: "tdd", file: target.path, task });
};

export const runTddOnSymbol = async (context: Context, argument: unknown): Promise<void> => {
  const { symbol } = editorCommands["coditect.runTddOnSymbol"].parse(argument);
  const target = fileTarget(argument);
  if (target === null) return;
  const { folder, path } = target;
  await startRun(context, { folder, file: path, ...runForSymbol(symbol, vscode.l10n) });
};

export const runBugFix = async (context: Context, argument: unknown): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const uri = argument instanceof vscode.Uri ? argument : undefined;
  const file = uri === undefined ? null : (fileTarget(uri)?.path ?? null);
  await askAndStart(
    context,
    { folder, team: "bug-fix", file },
    {
      title: vscode.l10n.t("Bug-Fix Team"),
      placeholder: vscode.l10n.t("What goes wrong, and what should happen instead?"),
    },
  );
};

export const runArchitecture = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  await askAndStart(
    context,
    { folder, team: "architecture" },
    {
      title: vscode.l10n.t("Architecture Team"),
      placeholder: vscode.l10n.t("Which requirements need a decision?"),
    },
  );
};

/** A review changes nothing: its findings appear as problems. */
export const reviewFile = async (context: Context, argument: unknown): Promise<void> => {
  const target = fileTarget(argument);
  if (target !== null) await startRun(context, { folder: target.folder, team: "review", file: target.path });
};

export const runTeam = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const { items, problems } = await context.runtime.call("teams/list", { limit: 500 }, folder.uri.toString());
  const team = await vscode.window.showQuickPick(
    [
      ...items.map(({ name, description, members }) => ({
        label: name,
        detail: description,
        description: members.map(({ agent_type }) => agent_type).join(" → "),
        problem: null,
      })),
      ...problems.map((problem) => ({
        label: `$(error) ${problem.path}`,
        detail: problem.message,
        description: vscode.l10n.t("cannot be used: open the file"),
        problem,
      })),
    ],
    { title: vscode.l10n.t("Run Team"), placeHolder: vscode.l10n.t("Which team?"), matchOnDetail: true },
  );
  if (team === undefined) return;
  if (team.problem !== null) {
    const { path, line } = team.problem.data;
    await openConfigurationFile(String(path ?? team.problem.path), Number(line ?? 1));
    return;
  }
  const active = vscode.window.activeTextEditor?.document.uri;
  const file = active?.scheme === "file" ? (fileTarget(active)?.path ?? null) : null;
  await askAndStart(
    context,
    { folder, team: team.label, file },
    {
      title: vscode.l10n.t("Run {0}", team.label),
      placeholder: vscode.l10n.t("What should the team do? Leave empty to use the team's own task."),
      suggestion: suggestionOf(vscode.window.activeTextEditor),
      mayBeEmpty: true,
    },
  );
};
