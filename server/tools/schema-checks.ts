import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

/**
 * `addUsedSchema`: two schemas can have the same `$id`, and each state of a tool has its own compiled schema.
 * `logger`: texts from a schema, such as the name of a format, must not reach the terminal unchanged.
 */
const options: Options = { strict: false, allErrors: true, addUsedSchema: false, logger: false };

/** Patterns of a server are not checked: some take hours on a short text and would block the runtime. */
const withoutPatterns = Object.assign(() => ({ test: () => true }), { code: "" });

const NEWER = "https://json-schema.org/draft/2020-12/schema";

/** Validates values with JSON Schema: draft 2020-12 if a schema names it, otherwise draft 7. */
export class SchemaChecks {
  readonly #older: Ajv;
  readonly #newer: Ajv2020;

  constructor(given: Options) {
    this.#older = new Ajv(given);
    this.#newer = new Ajv2020(given);
  }

  /** Throws if the schema cannot be used. */
  compile(schema: unknown): ValidateFunction {
    if (typeof schema !== "object" || schema === null) throw new TypeError("a schema must be an object");
    const isNewer = "$schema" in schema && schema.$schema === NEWER;
    return (isNewer ? this.#newer : this.#older).compile(schema);
  }

  errorsText(errors?: ErrorObject[] | null): string {
    return this.#older.errorsText(errors);
  }
}

/** For schemas that the user wrote. */
export const ownSchemas = (): SchemaChecks => new SchemaChecks(options);

/** For schemas of MCP servers, which can use any draft. */
export const serverSchemas = (): SchemaChecks =>
  new SchemaChecks({ ...options, validateSchema: false, code: { regExp: withoutPatterns } });
