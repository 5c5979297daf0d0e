import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { docstringNear, todoIn, withTask } from "./suggestions.ts";
import { sayInformation } from "../say.ts";
import { setting } from "../settings.ts";
import { askModel, type ChosenModel } from "./models.ts";

/** The task of a run, and the options that differ from the settings. */
export interface AskedTask {
  task: string;
  /** The model to use instead of the one in the settings. `null`: the one in the settings. */
  chosen: ChosenModel | null;
  /** The maximum cost of this run in dollars. `undefined`: the one in the settings. */
  cost: number | null | undefined;
}

/** How to ask for the task. */
export interface AskHow {
  title: string;
  placeholder: string;
  suggestion: string;
  mayBeEmpty: boolean;
  /** The forecast for the run as text. `null` if there is none. */
  forecast: (asked: AskedTask) => Promise<string | null>;
  /** The models of the agents and their prices as text. `null` if they are unknown. */
  models: (asked: AskedTask) => Promise<string | null>;
}

const RECENT_TASKS = "recentTasks";
const SHOWN_CHARACTERS = 120;

interface Item extends vscode.QuickPickItem {
  does: "start" | "write" | "model" | "cap";
  task?: string;
}

const firstLine = (text: string): string => {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS - 1)}…` : line;
};

const recentTasks = ({ extension }: Context): string[] =>
  extension.workspaceState.get<string[]>(RECENT_TASKS, []);

const remember = async (context: Context, task: string): Promise<void> => {
  await context.extension.workspaceState.update(RECENT_TASKS, withTask(recentTasks(context), task));
};

/**
 * Asks for the task. `null`: the user cancelled. The typed text is the task, and Enter starts the run. The
 * user can write several lines in an editor.
 *
 * @param suggestion a text from the place where the command was run, such as a selection.
 */
export const askTask = async (
  context: Context,
  folder: vscode.WorkspaceFolder,
  how: AskHow,
): Promise<AskedTask | null> => {
  const asked: AskedTask = { task: how.suggestion, chosen: null, cost: undefined };
  for (;;) {
    const item = await pickItem(context, folder, asked, how);
    if (item === null) return null;
    if (item.does === "model") asked.chosen = (await askModel(context, folder)) ?? asked.chosen;
    else if (item.does === "cap")
      asked.cost = await askCap(asked.cost ?? setting("limits.costPerRun", folder));
    else {
      if (item.does === "write") {
        const { text, isStarted } = await writeTask(item.task ?? "");
        asked.task = text;
        if (!isStarted) continue;
      } else asked.task = item.task ?? "";
      await remember(context, asked.task);
      return asked;
    }
  }
};

const pickItem = (
  context: Context,
  folder: vscode.WorkspaceFolder,
  asked: AskedTask,
  { title, placeholder, mayBeEmpty, forecast, models }: AskHow,
): Promise<Item | null> => {
  const picker = vscode.window.createQuickPick<Item>();
  picker.title = title;
  picker.placeholder = placeholder;
  picker.ignoreFocusOut = true;
  const isOneLine = !asked.task.includes("\n");
  if (isOneLine) picker.value = asked.task;
  // The line exists from the start. If it came later, the lines below would move under a click.
  let expected = vscode.l10n.t("Estimating cost and time…");
  let who = vscode.l10n.t("Looking up the models…");
  const draw = () => {
    const shown = { typed: picker.value, isOneLine, mayBeEmpty, expected, who };
    picker.items = itemsFor(context, folder, asked, shown);
  };
  /** New items move the selection to the first one, which a user who has continued does not expect. */
  const redraw = () => {
    const [active] = picker.activeItems;
    draw();
    const same = picker.items.filter(({ label }) => label === active?.label);
    if (same.length === 1) picker.activeItems = same;
  };
  draw();
  const show = (text: string | null) => {
    expected = text ?? vscode.l10n.t("No estimate is available.");
    redraw();
  };
  forecast(asked).then(show, () => {
    show(null);
  });
  const name = (text: string | null) => {
    who = text ?? vscode.l10n.t("The models are not known.");
    redraw();
  };
  models(asked).then(name, () => {
    name(null);
  });
  const { promise, resolve } = Promise.withResolvers<Item | null>();
  picker.onDidChangeValue((typed) => {
    // Typed text must not be lost when the user changes the model or the limit.
    if (isOneLine) asked.task = typed;
    draw();
  });
  picker.onDidAccept(() => {
    resolve(picker.selectedItems[0] ?? null);
  });
  picker.onDidHide(() => {
    resolve(null);
  });
  picker.show();
  return promise.finally(() => {
    picker.dispose();
  });
};

const itemsFor = (
  context: Context,
  folder: vscode.WorkspaceFolder,
  asked: AskedTask,
  {
    typed,
    isOneLine,
    mayBeEmpty,
    expected,
    who,
  }: { typed: string; isOneLine: boolean; mayBeEmpty: boolean; expected: string; who: string },
): Item[] => {
  const task = isOneLine || typed !== "" ? typed : asked.task;
  const separator = (label: string): Item => ({
    label,
    kind: vscode.QuickPickItemKind.Separator,
    does: "start",
  });
  const model = asked.chosen?.model ?? setting("model.name", folder);
  const cost = asked.cost === undefined ? setting("limits.costPerRun", folder) : asked.cost;
  const start: Item[] =
    task.trim() === "" && !mayBeEmpty
      ? []
      : [
          {
            label: `$(play) ${vscode.l10n.t("Start")}`,
            description: firstLine(task) || vscode.l10n.t("with the team's own task for this file"),
            detail: expected,
            alwaysShow: true,
            does: "start",
            task,
          },
        ];
  return [
    ...start,
    {
      label: `$(edit) ${vscode.l10n.t("Write It in an Editor…")}`,
      description: vscode.l10n.t("for several lines"),
      alwaysShow: true,
      does: "write",
      task,
    },
    separator(vscode.l10n.t("For this run")),
    {
      label: `$(server-environment) ${vscode.l10n.t("Model…")}`,
      description: model === "" ? vscode.l10n.t("each agent's own") : model,
      detail: who,
      alwaysShow: true,
      does: "model",
    },
    {
      label: `$(credit-card) ${vscode.l10n.t("Cost Limit…")}`,
      description: cost === null ? vscode.l10n.t("none") : `$${cost}`,
      alwaysShow: true,
      does: "cap",
    },
    separator(vscode.l10n.t("Earlier tasks")),
    ...recentTasks(context).map((known): Item => ({
      label: `$(history) ${firstLine(known)}`,
      does: "start",
      task: known,
    })),
  ];
};

const askCap = async (present: number | null): Promise<number | null | undefined> => {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Cost Limit of This Run"),
    prompt: vscode.l10n.t("In US dollars. The run stops before it costs more. Leave empty for no limit."),
    value: present === null ? "" : String(present),
    ignoreFocusOut: true,
    validateInput: (typed) =>
      typed.trim() === "" || Number(typed) > 0 ? null : vscode.l10n.t("Enter a number above 0."),
  });
  if (text === undefined) return present;
  return text.trim() === "" ? null : Number(text);
};

/**
 * Opens the task as an unsaved document with a button that starts the run. If the user dismisses the question
 * or closes the document, the text is kept.
 */
const writeTask = async (draft: string): Promise<{ text: string; isStarted: boolean }> => {
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content: draft });
  await vscode.window.showTextDocument(document, { preview: false });
  const start = vscode.l10n.t("Start");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // A closed document is empty, so the text is stored with every change.
  let text = draft;
  const following = vscode.Disposable.from(
    vscode.workspace.onDidChangeTextDocument((change) => {
      if (change.document === document) text = document.getText();
    }),
    vscode.workspace.onDidCloseTextDocument((closed) => {
      if (closed === document) resolve(false);
    }),
  );
  const question = vscode.l10n.t("Write the task in this editor, then start the run.");
  void sayInformation(question, start).then((answer) => {
    resolve(answer === start);
  });
  const isStarted = await promise;
  following.dispose();
  if (!document.isClosed) {
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  }
  return { text: text.trim(), isStarted: isStarted && text.trim() !== "" };
};

/** A suggestion from the editor: its selection, a TODO at the cursor, or the docstring around it. */
export const suggestionOf = (editor: vscode.TextEditor | undefined): string => {
  if (editor === undefined) return "";
  const { document, selection } = editor;
  if (!selection.isEmpty) return document.getText(selection).trim();
  const line = selection.active.line;
  return todoIn(document.lineAt(line).text) || docstringNear(document.getText(), line);
};
