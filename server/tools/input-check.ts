import { Ajv, type Options, type ValidateFunction } from "ajv";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { Json } from "../../schemas/primitives.ts";
import type { ToolDefinition } from "../../schemas/tool-definition.ts";

const Fields = z.record(z.string(), Json);

/** `addUsedSchema`: two schemas may have one `$id`, and one schema is compiled for each state of its tool. */
const options: Options = { strict: false, allErrors: true, addUsedSchema: false };
/**
 * Patterns of a server are its own to check: some take hours on a short text, and the runtime would wait.
 */
const withoutPatterns = Object.assign(() => ({ test: () => true }), { code: "" });

/** Checks inputs by the schemas of their tools. */
export class InputCheck {
  readonly #own = new Ajv(options);
  readonly #servers = new Ajv({ ...options, code: { regExp: withoutPatterns } });
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
