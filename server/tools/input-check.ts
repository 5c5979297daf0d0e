import type { ValidateFunction } from "ajv";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { Json } from "../../schemas/primitives.ts";
import type { ToolDefinition } from "../../schemas/tool-definition.ts";
import { ownSchemas, serverSchemas } from "./schema-checks.ts";

const Fields = z.record(z.string(), Json);

/** Checks inputs by the schemas of their tools. */
export class InputCheck {
  readonly #own = ownSchemas();
  readonly #servers = serverSchemas();
  readonly #compiled = new Map<string, ValidateFunction>();

  /** The input as fields. Errors: `invalid_params`, also where the schema itself cannot be used. */
  fields(definition: ToolDefinition, input: Json): Record<string, Json> {
    const fields = Fields.safeParse(input ?? {});
    const validate = this.#validator(definition);
    if (fields.success && validate(fields.data)) return fields.data;
    const problems = fields.success ? this.#own.errorsText(validate.errors) : "it must be an object";
    throw fail("invalid_params", { what: `The input of ${definition.name}`, problems });
  }

  #validator({ name, schema, handler }: ToolDefinition): ValidateFunction {
    const text = JSON.stringify(schema);
    const known = this.#compiled.get(text);
    if (known !== undefined) return known;
    try {
      const ajv = "External" in handler ? this.#servers : this.#own;
      const validate = ajv.compile(z.record(z.string(), z.unknown()).parse(schema));
      this.#compiled.set(text, validate);
      return validate;
    } catch (error) {
      const problems = error instanceof Error ? error.message : String(error);
      throw fail("invalid_params", { what: `The schema of ${name}`, problems }, { cause: error });
    }
  }
}
