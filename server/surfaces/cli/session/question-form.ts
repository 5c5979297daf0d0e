import { createLocalizer } from "../../../../schemas/localizer.ts";
import { plainLine } from "../../../../schemas/plain-text.ts";
import {
  type AnswerValue,
  fieldProblem,
  type QuestionAnswer,
  type QuestionField,
  questionTitle,
  type ServerQuestion,
} from "../../../../schemas/questions.ts";

const l10n = createLocalizer({});

type Ask = (prompt: string) => Promise<string>;

const isYes = (line: string): boolean => /^y(es)?$/i.test(line.trim());

/** A server's text on one line, with a mark so that it cannot look like one of CODITECT's lines. */
const said = (text: string): string => `  | ${plainLine(text)}`;

const shownDefault = (field: QuestionField): string => {
  if (field.default === null) return field.required ? "" : " [leave out]";
  if (field.type === "boolean") return field.default ? " [yes]" : " [no]";
  return ` [${plainLine([field.default].flat().join(", "))}]`;
};

const hints: Readonly<Record<QuestionField["type"], string>> = {
  text: "",
  number: "a number",
  integer: "a whole number",
  boolean: "yes or no",
  choice: "the number of an option",
  choices: "the numbers of options, with commas between",
};

const promptOf = (field: QuestionField): string => {
  const lines = [said(field.title)];
  if (field.description !== "") lines.push(said(field.description));
  if ("options" in field)
    lines.push(...field.options.map(({ label }, index) => said(`${index + 1}. ${label}`)));
  const hint = hints[field.type];
  return `${lines.join("\n")}\n${hint === "" ? "Answer" : `Answer, ${hint}`}${shownDefault(field)}: `;
};

/** The option with this number or this text. */
const optionOf = (options: readonly { value: string; label: string }[], word: string): string =>
  options[Number(word) - 1]?.value ?? options.find(({ label }) => label === word)?.value ?? word;

/** The value of a field in a line. Undefined if there is none. */
const valueOf = (field: QuestionField, line: string): AnswerValue | undefined => {
  const word = line.trim();
  if (word === "") return field.default ?? undefined;
  switch (field.type) {
    case "text":
      return word;
    case "number":
    case "integer":
      return Number(word);
    case "boolean":
      return /^(y|yes|true)$/i.test(word) ? true : /^(n|no|false)$/i.test(word) ? false : word;
    case "choice":
      return optionOf(field.options, word);
    case "choices":
      return word.split(",").map((each) => optionOf(field.options, each.trim()));
  }
};

const askField = async (field: QuestionField, ask: Ask): Promise<AnswerValue | undefined> => {
  for (let problem = ""; ;) {
    const value = valueOf(field, await ask(`${problem}${promptOf(field)}`));
    const found = fieldProblem(field, value, l10n);
    if (found === null) return value;
    problem = `${found}\n`;
  }
};

/** Shows a question of a tool server to the person at the terminal. Every answer except yes declines. */
export const askForm = async (question: ServerQuestion, ask: Ask): Promise<QuestionAnswer> => {
  const { message, fields, url } = question;
  const lines = ["", plainLine(questionTitle(question, l10n)), ...message.split("\n").map(said)];
  if (url !== null) {
    lines.push("It asks you to open this page in your browser:", said(url));
    const opened = await ask([...lines, "Have you opened it? [y/N]: "].join("\n"));
    return isYes(opened) ? { action: "accept", values: {} } : { action: "decline" };
  }
  lines.push("Your answer goes to this server. Do not enter passwords or keys.", "Answer? [y/N]: ");
  if (!isYes(await ask(lines.join("\n")))) return { action: "decline" };
  const values = new Map<string, AnswerValue>();
  for (const field of fields) {
    const value = await askField(field, ask);
    if (value !== undefined) values.set(field.name, value);
  }
  return { action: "accept", values: Object.fromEntries(values) };
};
