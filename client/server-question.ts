import * as vscode from "vscode";
import { itemText, plainLine } from "../schemas/plain-text.ts";
import {
  type AnswerValue,
  fieldProblem,
  type QuestionAnswer,
  type QuestionField,
  questionTitle,
  type ServerQuestion,
} from "../schemas/questions.ts";
import { sayWarning } from "./say.ts";

/** The user closed a form without a decision. */
class Closed extends Error {}

const demand = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Closed();
  return value;
};

type FieldOf<Type extends QuestionField["type"]> = Extract<QuestionField, { type: Type }>;

/** A field for a text or a number. Empty if the user enters nothing. */
const askLine = async (
  field: FieldOf<"text" | "number" | "integer">,
  title: string,
  prompt: string,
): Promise<AnswerValue | undefined> => {
  const valueOf = (line: string): AnswerValue | undefined => {
    if (line.trim() === "") return undefined;
    return field.type === "text" ? line : Number(line);
  };
  const line = await vscode.window.showInputBox({
    ...{ title, prompt, ignoreFocusOut: true, value: String(field.default ?? "") },
    validateInput: (text) => fieldProblem(field, valueOf(text), vscode.l10n),
  });
  return valueOf(demand(line));
};

const askYesOrNo = async (
  field: FieldOf<"boolean">,
  title: string,
  placeHolder: string,
): Promise<AnswerValue> => {
  const yes = { label: vscode.l10n.t("Yes"), value: true };
  const no = { label: vscode.l10n.t("No"), value: false };
  const items = field.default === false ? [no, yes] : [yes, no];
  return demand(await vscode.window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true })).value;
};

const itemsOf = ({ options, default: chosen }: FieldOf<"choice" | "choices">) =>
  options.map(({ value, label }) => ({
    label: itemText(label),
    value,
    picked: chosen !== null && [chosen].flat().includes(value),
  }));

const askChoices = async (
  field: FieldOf<"choices">,
  title: string,
  placeHolder: string,
): Promise<AnswerValue | undefined> => {
  for (let problem: string | null = null; ;) {
    const chosen: { value: string }[] | undefined = await vscode.window.showQuickPick(itemsOf(field), {
      ...{ title, placeHolder: problem ?? placeHolder, ignoreFocusOut: true, canPickMany: true },
    });
    const values = demand(chosen).map(({ value }) => value);
    problem = fieldProblem(field, values, vscode.l10n);
    if (problem === null) return values;
  }
};

const askField = async (field: QuestionField, server: string): Promise<AnswerValue | undefined> => {
  const title = plainLine(`${server}: ${field.title}`);
  const text = plainLine(field.description);
  switch (field.type) {
    case "boolean":
      return askYesOrNo(field, title, text);
    case "choice": {
      const options = { title, placeHolder: text, ignoreFocusOut: true };
      return demand(await vscode.window.showQuickPick(itemsOf(field), options)).value;
    }
    case "choices":
      return askChoices(field, title, text);
    default:
      return askLine(field, title, text);
  }
};

const askFields = async ({ fields, server }: ServerQuestion): Promise<QuestionAnswer> => {
  const values = new Map<string, AnswerValue>();
  try {
    for (const field of fields) {
      const value = await askField(field, server);
      if (value !== undefined) values.set(field.name, value);
    }
  } catch (error) {
    if (error instanceof Closed) return { action: "cancel" };
    throw error;
  }
  return { action: "accept", values: Object.fromEntries(values) };
};

/**
 * Shows a question of a tool server to the user. Nothing opens until the user chooses to answer. The whole
 * address of a page is shown before it opens.
 */
export const askServerQuestion = async (question: ServerQuestion): Promise<QuestionAnswer> => {
  const { message, url } = question;
  const title = questionTitle(question, vscode.l10n);
  const decline = vscode.l10n.t("Decline");
  if (url !== null) {
    const open = vscode.l10n.t("Open Page");
    const shown = vscode.l10n.t("{0} {1} Page: {2}", title, message, url);
    const chosen = await sayWarning(shown, open, decline);
    if (chosen === undefined) return { action: "cancel" };
    const isOpened = chosen === open && (await vscode.env.openExternal(vscode.Uri.parse(url, true)));
    return isOpened ? { action: "accept", values: {} } : { action: "decline" };
  }
  const answer = vscode.l10n.t("Answer");
  const shown = vscode.l10n.t("{0} {1} Do not enter passwords or keys.", title, message);
  const chosen = await sayWarning(shown, answer, decline);
  if (chosen === undefined) return { action: "cancel" };
  return chosen === answer ? askFields(question) : { action: "decline" };
};
