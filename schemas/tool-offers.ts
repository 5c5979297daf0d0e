import { z } from "zod";
import type { ToolOffer } from "./messages.ts";
import { Json } from "./primitives.ts";
import { toolTable, type ToolName } from "./tools.ts";

/** Keywords that only repeat what the arguments are checked with anyway: they would cost tokens. */
const spared = ["additionalProperties", "default", "minLength", "maxLength", "maxItems", "pattern"];

/** The tools as a model gets them: their JSON Schemas, without anything it does not need. */
export const toolOffers = (names: readonly ToolName[]): ToolOffer[] =>
  names.map((name) => {
    const schema = z.toJSONSchema(toolTable[name].arguments, { io: "input", override: spare });
    delete schema.$schema;
    return { name, description: toolTable[name].description, schema: Json.parse(schema) };
  });

/** Takes the spared keywords out of one schema, and `null` where leaving a value out means the same. */
const spare = ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
  const [value, ...others] = jsonSchema.anyOf?.filter((option) => option.type !== "null") ?? [];
  if (value !== undefined && others.length === 0) {
    delete jsonSchema.anyOf;
    Object.assign(jsonSchema, value);
  }
  for (const keyword of spared) Reflect.deleteProperty(jsonSchema, keyword);
  if (jsonSchema.type === "integer") {
    delete jsonSchema.minimum;
    delete jsonSchema.maximum;
  }
};
