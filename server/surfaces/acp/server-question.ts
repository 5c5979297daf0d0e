import {
  type AgentContext,
  type ElicitationCapabilities,
  type ElicitationPropertySchema,
  methods,
} from "@agentclientprotocol/sdk";
import { z } from "zod";
import { createLocalizer } from "../../../schemas/localizer.ts";
import { plainText } from "../../../schemas/plain-text.ts";
import {
  QuestionAnswer,
  type QuestionField,
  questionTitle,
  type ServerQuestion,
} from "../../../schemas/questions.ts";

const l10n = createLocalizer({});

/** An unknown action means that the user did not decide. */
const Answer = z.object({ action: z.string(), content: z.record(z.string(), z.unknown()).nullish() });

const schemaOf = (field: QuestionField): ElicitationPropertySchema => {
  const words = { title: plainText(field.title), description: plainText(field.description) };
  switch (field.type) {
    case "text": {
      const { format, min_length: minLength, max_length: maxLength } = field;
      return { type: "string", ...words, format, minLength, maxLength, default: field.default };
    }
    case "number":
    case "integer": {
      const { type, minimum, maximum } = field;
      return { type, ...words, minimum, maximum, default: field.default };
    }
    case "boolean":
      return { type: "boolean", ...words, default: field.default };
    case "choice":
      return { type: "string", ...words, oneOf: optionsOf(field), default: field.default };
    case "choices": {
      const { min_items: minItems, max_items: maxItems } = field;
      return {
        ...{ type: "array", ...words, items: { anyOf: optionsOf(field) } },
        ...{ minItems, maxItems, default: field.default },
      };
    }
  }
};

const optionsOf = ({ options }: Extract<QuestionField, { options: unknown }>) =>
  options.map(({ value, label }) => ({ const: value, title: plainText(label) }));

const requestOf = (sessionId: string, { fields, url, question_id }: ServerQuestion, message: string) => {
  if (url !== null) return { mode: "url" as const, sessionId, message, url, elicitationId: question_id };
  const requestedSchema = {
    type: "object" as const,
    properties: Object.fromEntries(fields.map((field) => [field.name, schemaOf(field)])),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
  };
  return { mode: "form" as const, sessionId, message, requestedSchema };
};

/**
 * Shows a question of a tool server to the user of the editor. Null if the editor cannot show such a
 * question. Agent Client Protocol: "Elicitation".
 */
export const askInEditor = async (
  question: ServerQuestion,
  session: { id: string; can: ElicitationCapabilities | null },
  client: AgentContext,
): Promise<QuestionAnswer | null> => {
  const ability = question.url === null ? session.can?.form : session.can?.url;
  if (ability === undefined || ability === null) return null;
  const message = `${questionTitle(question, l10n)} ${plainText(question.message)}`;
  const { action, content } = Answer.parse(
    await client.request(methods.client.elicitation.create, requestOf(session.id, question, message)),
  );
  if (action === "accept") return QuestionAnswer.parse({ action, values: content ?? {} });
  return { action: action === "decline" ? "decline" : "cancel" };
};
