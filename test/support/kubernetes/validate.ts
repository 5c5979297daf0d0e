import { Ajv } from "ajv";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { Json } from "../../../schemas/primitives.ts";
import { SANDBOX_API } from "../../../server/instances/drivers/kubernetes/sandbox.ts";
import { sandboxSchemas } from "./sandbox-controller.ts";

const Kinds = z.array(z.object({ group: z.string(), version: z.string(), kind: z.string() }));
const Document = z.object({ definitions: z.record(z.string(), z.looseObject({})) });
const Named = z.object({ apiVersion: z.string(), kind: z.string() });

/** Says what is wrong with an object, by the published document of the API; null: nothing. */
export type Validate = (object: unknown) => string | null;

/** The schema without what it does not name, as an API server prunes it; metadata is known to it. */
const closed = (schema: Json): Record<string, Json> => {
  const inner = (value: Json, name: string): Json => {
    if (Array.isArray(value)) return value.map((one) => inner(one, ""));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, one]): [string, Json] => [key, inner(one, key)]);
    const isOpen = value["x-kubernetes-preserve-unknown-fields"] === true || name === "metadata";
    const names = value.type === "object" && value.properties !== undefined && !isOpen;
    return { ...Object.fromEntries(entries), ...(names && { additionalProperties: false }) };
  };
  return z.record(z.string(), Json).parse(inner(schema, ""));
};

export const loadValidator = async (): Promise<Validate> => {
  const file = new URL("openapi.json", import.meta.url);
  const document = Document.parse(JSON.parse(await readFile(file, "utf8")));
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, "kubernetes");
  const names = new Map<string, string>();
  for (const [name, definition] of Object.entries(document.definitions)) {
    const kinds = Kinds.safeParse(definition["x-kubernetes-group-version-kind"]).data ?? [];
    for (const { group, version, kind } of kinds)
      names.set(`${group === "" ? version : `${group}/${version}`} ${kind}`, name);
  }
  const sandboxes = await sandboxSchemas();
  return (object) => {
    const { apiVersion, kind } = Named.parse(object);
    const sandbox = apiVersion === SANDBOX_API ? sandboxes.get(kind) : undefined;
    if (sandbox !== undefined)
      return ajv.validate(closed(sandbox), object) ? null : ajv.errorsText(ajv.errors);
    const name = names.get(`${apiVersion} ${kind}`);
    if (name === undefined) return `there is no ${kind} in ${apiVersion}`;
    const validate = ajv.getSchema(`kubernetes#/definitions/${name}`);
    if (validate === undefined) return `${name} has no schema`;
    return validate(object) === true ? null : ajv.errorsText(validate.errors);
  };
};
