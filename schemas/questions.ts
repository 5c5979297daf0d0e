import { z } from "zod";
import { AgentType } from "./agent.ts";
import type { Localizer } from "./localizer.ts";
import { Timestamp, Uuid } from "./primitives.ts";

/*
 * What a tool server asks the user during a call. Specification of MCP: "Elicitation". The words are the
 * server's own: every surface shows them as such.
 */

/** Longest texts of a question, in characters; most fields and options of one. */
const MOST_MESSAGE = 2000;
const MOST_LABEL = 300;
const MOST_ANSWER = 10_000;
const MOST_FIELDS = 20;
const MOST_OPTIONS = 100;

const label = z.string().max(MOST_LABEL);
const option = z.strictObject({ value: z.string().max(MOST_LABEL), label });
const options = z.array(option).min(1).max(MOST_OPTIONS);

const common = {
  /** The key of its value in the answer. */
  name: z
    .string()
    .min(1)
    .max(MOST_LABEL)
    .refine((name) => name !== "__proto__", "must be the name of a field"),
  /** What the user reads. */
  title: label,
  description: label,
  required: z.boolean(),
};

/** One value that is asked for; `default` is offered and used where the user leaves it as it is. */
export const QuestionField = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("text"),
    ...common,
    format: z.enum(["email", "uri", "date", "date-time"]).nullable(),
    min_length: z.int().nonnegative().nullable(),
    max_length: z.int().nonnegative().nullable(),
    default: z.string().max(MOST_ANSWER).nullable(),
  }),
  z.strictObject({
    type: z.enum(["number", "integer"]),
    ...common,
    minimum: z.number().nullable(),
    maximum: z.number().nullable(),
    default: z.number().nullable(),
  }),
  z.strictObject({ type: z.literal("boolean"), ...common, default: z.boolean().nullable() }),
  z.strictObject({ type: z.literal("choice"), ...common, options, default: z.string().nullable() }),
  z.strictObject({
    type: z.literal("choices"),
    ...common,
    options,
    min_items: z.int().nonnegative().nullable(),
    max_items: z.int().nonnegative().nullable(),
    default: z.array(z.string()).nullable(),
  }),
]);
export type QuestionField = z.infer<typeof QuestionField>;

/** What is asked: values, or that the user opens a page. */
export const QuestionContent = z.strictObject({
  message: z.string().min(1).max(MOST_MESSAGE),
  fields: z.array(QuestionField).max(MOST_FIELDS),
  /** The page, which the user opens, never the runtime; null: values are asked for. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(MOST_MESSAGE)
    .nullable(),
  /**
   * How many open calls of the server the question may belong to. 1: it is known. Protocols before 2026-07-28 do not
   * say it on standard streams.
   */
  possible_calls: z.int().min(1),
});
export type QuestionContent = z.infer<typeof QuestionContent>;

/** A question of a tool server to the user, for which a call of an agent waits. */
export const ServerQuestion = QuestionContent.extend({
  question_id: Uuid,
  task_id: Uuid,
  execution_id: Uuid,
  agent_type: AgentType,
  agent_name: z.string(),
  /** As `mcp.json` calls it. */
  server: z.string(),
  asked_at: Timestamp,
});
export type ServerQuestion = z.infer<typeof ServerQuestion>;

const AnswerValue = z.union([
  z.string().max(MOST_ANSWER),
  z.number(),
  z.boolean(),
  z.array(z.string().max(MOST_LABEL)).max(MOST_OPTIONS),
]);
export type AnswerValue = z.infer<typeof AnswerValue>;

/** `accept`: with the values; `decline`: the user said no; `cancel`: the user did not decide. */
export const QuestionAnswer = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("accept"), values: z.record(z.string(), AnswerValue) }),
  z.strictObject({ action: z.literal("decline") }),
  z.strictObject({ action: z.literal("cancel") }),
]);
export type QuestionAnswer = z.infer<typeof QuestionAnswer>;

const isEmail = (text: string): boolean => z.email().safeParse(text).success;
const isDate = (text: string): boolean => z.iso.date().safeParse(text).success;
const isTime = (text: string): boolean => z.iso.datetime({ offset: true }).safeParse(text).success;

type FieldOf<Type extends QuestionField["type"]> = Extract<QuestionField, { type: Type }>;

const textProblem = (
  { format, min_length, max_length }: FieldOf<"text">,
  text: string,
  l10n: Localizer,
): string | null => {
  if (min_length !== null && text.length < min_length)
    return l10n.t("Enter at least {0} characters.", min_length);
  if (max_length !== null && text.length > max_length)
    return l10n.t("Enter at most {0} characters.", max_length);
  if (format === "email" && !isEmail(text)) return l10n.t("Enter an email address.");
  if (format === "uri" && !URL.canParse(text))
    return l10n.t("Enter an address, such as https://example.com.");
  if (format === "date" && !isDate(text)) return l10n.t("Enter a date, such as 2026-01-31.");
  if (format === "date-time" && !isTime(text))
    return l10n.t("Enter a date and time, such as 2026-01-31T12:00:00Z.");
  return null;
};

const numberProblem = (
  { type, minimum, maximum }: FieldOf<"number" | "integer">,
  value: number,
  l10n: Localizer,
): string | null => {
  if (!Number.isFinite(value) || (type === "integer" && !Number.isInteger(value)))
    return type === "integer" ? l10n.t("Enter a whole number.") : l10n.t("Enter a number.");
  if (minimum !== null && value < minimum) return l10n.t("Enter a number of at least {0}.", minimum);
  if (maximum !== null && value > maximum) return l10n.t("Enter a number of at most {0}.", maximum);
  return null;
};

const choicesProblem = (
  { options: offered, min_items, max_items }: FieldOf<"choices">,
  values: readonly string[],
  l10n: Localizer,
): string | null => {
  if (!values.every((value) => offered.some((each) => each.value === value)))
    return l10n.t("Choose from the options.");
  if (min_items !== null && values.length < min_items) return l10n.t("Choose at least {0}.", min_items);
  if (max_items !== null && values.length > max_items) return l10n.t("Choose at most {0}.", max_items);
  return null;
};

/** What is wrong with a value of a field; null: nothing. `undefined`: no value is given. */
export const fieldProblem = (
  field: QuestionField,
  value: AnswerValue | undefined,
  l10n: Localizer,
): string | null => {
  if (value === undefined) return field.required ? l10n.t("A value is needed.") : null;
  switch (field.type) {
    case "text":
      return typeof value === "string" ? textProblem(field, value, l10n) : l10n.t("Enter a text.");
    case "number":
    case "integer":
      return numberProblem(field, typeof value === "number" ? value : Number.NaN, l10n);
    case "boolean":
      return typeof value === "boolean" ? null : l10n.t("Answer yes or no.");
    case "choice":
      return field.options.some((each) => each.value === value) ? null : l10n.t("Choose from the options.");
    case "choices":
      return Array.isArray(value) ? choicesProblem(field, value, l10n) : l10n.t("Choose from the options.");
  }
};

/** Who asks, in front of the server's own words. */
export const questionTitle = (
  { server, agent_name, possible_calls }: Pick<ServerQuestion, "server" | "agent_name" | "possible_calls">,
  l10n: Localizer,
): string =>
  possible_calls === 1
    ? l10n.t("The MCP server {0}, which {1} uses, asks you:", server, agent_name)
    : l10n.t(
        "The MCP server {0} has {1} open calls, one of them by {2}, and does not say for which call it asks you:",
        server,
        possible_calls,
        agent_name,
      );

/** What an agent waits for, while it waits. */
export const questionActivity = ({ server }: Pick<ServerQuestion, "server">): string =>
  `waits for your answer to ${server}`;
