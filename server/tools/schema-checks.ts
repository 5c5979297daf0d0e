import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { z } from "zod";

/**
 * `addUsedSchema`: two schemas can have the same `$id`, and each state of a tool has its own compiled schema.
 * `logger`: texts from a schema, such as the name of a format, must not reach the terminal unchanged.
 */
const options: Options = { strict: false, allErrors: true, addUsedSchema: false, logger: false };

/** Patterns of a server are not checked: some take hours on a short text and would block the runtime. */
const withoutPatterns = Object.assign(() => ({ test: () => true }), { code: "" });

/** What the validators of all drafts have. */
type Draft = Pick<Ajv, "compile">;

const NamesDraft = z.looseObject({ $schema: z.string() });

/** The name of a draft in the one form that the validators know. */
const nameOf = (draft: string): string => draft.replace(/^http:/, "https:").replace(/#$/, "");

/** Validates values with JSON Schema, in the draft that a schema names. Without one, draft 7. */
export class SchemaChecks {
  readonly #older: Ajv;
  /** The drafts that are not compatible with draft 7. Their validators are made when a schema names them. */
  readonly #newer: Readonly<Record<string, () => Draft>>;
  readonly #made = new Map<string, Draft>();

  constructor(given: Options) {
    this.#older = new Ajv(given);
    this.#newer = {
      "https://json-schema.org/draft/2019-09/schema": () => new Ajv2019(given),
      "https://json-schema.org/draft/2020-12/schema": () => new Ajv2020(given),
    };
  }

  /** Throws if the schema cannot be used. */
  compile(schema: unknown): ValidateFunction {
    if (typeof schema !== "object" || schema === null) throw new TypeError("a schema must be an object");
    const named = NamesDraft.safeParse(schema).data;
    const $schema = nameOf(named?.$schema ?? "");
    const make = this.#newer[$schema];
    if (make === undefined) return this.#older.compile(schema);
    const draft = this.#made.get($schema) ?? make();
    this.#made.set($schema, draft);
    return draft.compile({ ...named, $schema });
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
