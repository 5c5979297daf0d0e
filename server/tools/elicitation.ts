import type { ElicitRequest, ElicitRequestFormParams } from "@modelcontextprotocol/client";
import { type AnswerValue, QuestionContent, type QuestionField } from "../../schemas/questions.ts";
import { safePage } from "./safe-page.ts";

type Property = ElicitRequestFormParams["requestedSchema"]["properties"][string];
interface Option {
  value: string;
  label: string;
}

const optionsOf = (property: Property): Option[] | null => {
  if (property.type === "array") {
    const { items } = property;
    if ("anyOf" in items) return items.anyOf.map(({ const: value, title }) => ({ value, label: title }));
    return items.enum.map((value) => ({ value, label: value }));
  }
  if ("oneOf" in property) return property.oneOf.map(({ const: value, title }) => ({ value, label: title }));
  if (!("enum" in property)) return null;
  const names = "enumNames" in property ? (property.enumNames ?? []) : [];
  return property.enum.map((value, index) => ({ value, label: names[index] ?? value }));
};

const fieldOf = (name: string, property: Property, required: boolean): QuestionField => {
  const { title = name, description = "" } = property;
  const common = { name, title, description, required };
  const options = optionsOf(property);
  switch (property.type) {
    case "boolean":
      return { type: "boolean", ...common, default: property.default ?? null };
    case "number":
    case "integer": {
      const { type, minimum = null, maximum = null } = property;
      return { type, ...common, minimum, maximum, default: property.default ?? null };
    }
    case "array":
      return {
        ...{ type: "choices", ...common, options: options ?? [], default: property.default ?? null },
        ...{ min_items: property.minItems ?? null, max_items: property.maxItems ?? null },
      };
    case "string":
      if (options !== null) return { type: "choice", ...common, options, default: property.default ?? null };
      return {
        ...{ type: "text", ...common, default: property.default ?? null },
        ...("format" in property ? { format: property.format ?? null } : { format: null }),
        min_length: "minLength" in property ? (property.minLength ?? null) : null,
        max_length: "maxLength" in property ? (property.maxLength ?? null) : null,
      };
  }
};

/**
 * What a server asks for, as surfaces show it; null: nobody is asked this. `possible_calls`: how many calls it may
 * belong to.
 */
export const questionOf = (
  params: ElicitRequest["params"],
  possible_calls: number,
): QuestionContent | null => {
  if (params.mode === "url") {
    const url = safePage(params.url);
    return url === null ? null : parsed({ message: params.message, fields: [], url, possible_calls });
  }
  const { properties, required = [] } = params.requestedSchema;
  const fields = Object.entries(properties).map(([name, property]) =>
    fieldOf(name, property, required.includes(name)),
  );
  return parsed({ message: params.message, fields, url: null, possible_calls });
};

/** The server's default values for the fields that an answer leaves out. */
export const defaultsOf = ({ fields }: QuestionContent): Record<string, AnswerValue> =>
  Object.fromEntries(
    fields.flatMap(({ name, default: value }) => (value === null ? [] : [[name, value] as const])),
  );

/** Within the limits of a question. */
const parsed = (question: QuestionContent): QuestionContent | null =>
  QuestionContent.safeParse(question).data ?? null;
