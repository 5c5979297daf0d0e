import { Ajv } from "ajv";
import { readFile } from "node:fs/promises";
import { z } from "zod";

const Reference = z.object({ $ref: z.string() });
const Method = z.object({
  httpMethod: z.string(),
  path: z.string(),
  parameters: z.record(
    z.string(),
    z.object({ location: z.string(), pattern: z.string().optional(), required: z.boolean().default(false) }),
  ),
  request: Reference.optional(),
  response: Reference.optional(),
});
const Document = z.object({
  methods: z.record(z.string(), Method),
  schemas: z.record(z.string(), z.record(z.string(), z.unknown())),
});
const Schema = z.record(z.string(), z.unknown());

/** Converts a schema of the discovery document to JSON Schema, which refuses unknown fields. */
const jsonSchemaOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(jsonSchemaOf);
  const schema = Schema.safeParse(value).data;
  if (schema === undefined) return value;
  if (typeof schema.$ref === "string") return { $ref: `#/schemas/${schema.$ref}` };
  const { properties, items, additionalProperties, readOnly, type, enum: values } = schema;
  // Only the API sets these fields.
  if (readOnly === true) return { not: {} };
  return {
    ...(type !== "any" && { type }),
    ...(values !== undefined && { enum: values }),
    ...(items !== undefined && { items: jsonSchemaOf(items) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(Schema.parse(properties)).map(([name, each]) => [name, jsonSchemaOf(each)]),
      ),
    }),
    ...(type === "object" && {
      additionalProperties: additionalProperties === undefined ? false : jsonSchemaOf(additionalProperties),
    }),
  };
};

/** A request according to the published document. */
export interface ApiCall {
  /** Such as `run.projects.locations.services.create`. */
  method: string;
  /** The parameters of the path and the query. */
  parameters: Readonly<Record<string, string>>;
}

/** The published description of the Cloud Run Admin API v2. */
export class DiscoveryDocument {
  readonly #document: z.infer<typeof Document>;
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

  private constructor(document: z.infer<typeof Document>) {
    this.#document = document;
    const schemas = Object.fromEntries(
      Object.entries(document.schemas).map(([name, schema]) => [name, jsonSchemaOf(schema)]),
    );
    this.#ajv.addSchema({ schemas }, "run");
  }

  static async load(): Promise<DiscoveryDocument> {
    const file = new URL("run-v2.json", import.meta.url);
    return new DiscoveryDocument(Document.parse(JSON.parse(await readFile(file, "utf8"))));
  }

  /** The method that a request calls, or a description of what is wrong with it. */
  callOf(verb: string, url: URL): ApiCall | string {
    const path = url.pathname.slice(1);
    for (const [method, { httpMethod, path: template, parameters }] of Object.entries(
      this.#document.methods,
    )) {
      if (httpMethod !== verb) continue;
      const [before = "", name = "", after = ""] = template.split(/\{\+(\w+)\}/);
      if (!path.startsWith(before) || !path.endsWith(after)) continue;
      const value = path.slice(before.length, path.length - after.length);
      if (!new RegExp(parameters[name]?.pattern ?? "^$").test(value)) continue;
      const unknown = [...url.searchParams.keys()].filter((key) => parameters[key]?.location !== "query");
      if (unknown.length > 0) return `${method} has no parameter ${unknown.join()}`;
      return { method, parameters: { ...Object.fromEntries(url.searchParams), [name]: value } };
    }
    return `there is no ${verb} ${url.pathname}`;
  }

  /** What is wrong with the body of a request; null if nothing is. */
  faultOf(method: string, body: unknown): string | null {
    const reference = this.#document.methods[method]?.request?.$ref;
    if (reference === undefined) return body === null ? null : `${method} takes no body`;
    const validate = this.#ajv.getSchema(`run#/schemas/${reference}`);
    if (validate === undefined) return `there is no schema ${reference}`;
    return validate(body) === true ? null : this.#ajv.errorsText(validate.errors);
  }
}
