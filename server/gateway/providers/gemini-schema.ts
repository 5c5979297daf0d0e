import type { Json } from "../../../schemas/primitives.ts";

type JsonObject = Record<string, Json>;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The part of JSON Schema that Gemini's dialect has with the same meaning. The rest is refused or
 * rewritten.
 */
const kept: ReadonlySet<string> = new Set([
  ...["type", "title", "description", "nullable", "minimum", "maximum", "pattern"],
  ...["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"],
]);

const formats: ReadonlySet<Json> = new Set(["enum", "date-time", "float", "double", "int32", "int64"]);

/** Schemas may refer to themselves: anything nested deeper becomes any object. */
const MOST_NESTED = 12;

/**
 * Schemas that refer to one another grow with each step. After this many references, the remaining ones
 * become any object.
 */
const MOST_REFERENCES = 500;

/**
 * A JSON Schema in the dialect of Gemini's field `parameters`, for services that do not take
 * `parametersJsonSchema`. References are replaced by what they name, `const` by an enumeration, `oneOf` and
 * several types by `anyOf`, `allOf` by one schema. What the dialect cannot say goes into the description
 * where it helps, and is left out else: arguments are checked by our own schema when a tool is called.
 */
export const inGeminiDialect = (schema: Json): JsonObject => new Translation(schema).of(schema, 0);

class Translation {
  readonly #root: Json;
  #references = 0;

  constructor(root: Json) {
    this.#root = root;
  }

  of(given: Json, depth: number): JsonObject {
    const found = isObject(given) ? this.#resolved(given) : {};
    if (depth > MOST_NESTED) return { type: "object" };
    const schema = this.#merged(found, depth);
    const { types, isNullable } = typesOf(schema);
    const result: JsonObject = Object.fromEntries(Object.entries(schema).filter(([name]) => kept.has(name)));
    delete result.type;
    if (isNullable) result.nullable = true;
    const choices = [schema.anyOf, schema.oneOf].find((list) => Array.isArray(list) && list.length > 0);
    if (Array.isArray(choices)) return { ...result, ...this.#choice(choices, isNullable, depth) };
    const [type] = types;
    if (types.length > 1)
      return { ...result, anyOf: types.map((each) => this.of({ ...schema, type: each }, depth + 1)) };
    return { ...result, ...this.#typed(schema, type ?? guessedType(schema), depth) };
  }

  #choice(choices: Json[], isNullable: boolean, depth: number): JsonObject {
    const isNull = (choice: Json): boolean => isObject(choice) && choice.type === "null";
    const others = choices.filter((choice) => !isNull(choice)).map((choice) => this.of(choice, depth + 1));
    const nullable = isNullable || others.length < choices.length ? { nullable: true } : {};
    const [only = { type: "string" }] = others;
    return others.length > 1 ? { anyOf: others, ...nullable } : { ...only, ...nullable };
  }

  #typed(schema: JsonObject, type: string, depth: number): JsonObject {
    if (type === "object") return { type, ...this.#properties(schema, depth) };
    if (type === "array") return { type, items: this.#items(schema, depth) };
    const result: JsonObject = { type };
    if (schema.format !== undefined && formats.has(schema.format)) result.format = schema.format;
    const values = schema.const === undefined ? schema.enum : [schema.const];
    if (!Array.isArray(values)) return result;
    const said = values.filter((value) => value !== null);
    // Gemini's enumerations hold only texts.
    if (type === "string") return { ...result, enum: said.map(asText) };
    const description = typeof schema.description === "string" ? `${schema.description} ` : "";
    return { ...result, description: `${description}One of: ${said.map(asText).join(", ")}.` };
  }

  #properties(schema: JsonObject, depth: number): JsonObject {
    const { properties, required } = schema;
    if (!isObject(properties) || Object.keys(properties).length === 0) return {};
    const named = Object.entries(properties).map(([name, value]) => [name, this.of(value, depth + 1)]);
    const demanded = Array.isArray(required)
      ? required.filter((name) => typeof name === "string" && name in properties)
      : [];
    const result: JsonObject = { properties: Object.fromEntries(named) as JsonObject };
    return demanded.length === 0 ? result : { ...result, required: demanded };
  }

  /** Gemini requires a type for the entries of a list. */
  #items({ items, prefixItems }: JsonObject, depth: number): JsonObject {
    const item = Array.isArray(items)
      ? items[0]
      : (items ?? (Array.isArray(prefixItems) ? prefixItems[0] : null));
    return isObject(item) ? this.of(item, depth + 1) : { type: "string" };
  }

  /** `allOf` as one schema with all properties. */
  #merged({ allOf, ...schema }: JsonObject, depth: number): JsonObject {
    if (!Array.isArray(allOf) || depth > MOST_NESTED) return schema;
    return allOf.filter(isObject).reduce<JsonObject>((all, each) => {
      const part = this.#merged(this.#resolved(each), depth + 1);
      const properties = {
        ...(isObject(all.properties) && all.properties),
        ...(isObject(part.properties) && part.properties),
      };
      const required = [all.required, part.required].flatMap((names) => (Array.isArray(names) ? names : []));
      return {
        ...part,
        ...all,
        ...(Object.keys(properties).length > 0 && { properties }),
        ...(required.length > 0 && { required: [...new Set(required)] }),
      };
    }, schema);
  }

  /** What `$ref` refers to within the schema; any object if it refers to nothing there. */
  #resolved(schema: JsonObject, followed = 0): JsonObject {
    const { $ref, ...others } = schema;
    if (typeof $ref !== "string") return schema;
    this.#references += 1;
    const named = $ref
      .replace(/^#\/?/, "")
      .split("/")
      .filter((step) => step !== "")
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<Json | undefined>((place, step) => (isObject(place) ? place[step] : undefined), this.#root);
    const isTooMuch = followed > MOST_NESTED || this.#references > MOST_REFERENCES;
    if (!$ref.startsWith("#") || !isObject(named) || isTooMuch) return { type: "object", ...others };
    return { ...this.#resolved(named, followed + 1), ...others };
  }
}

const typesOf = ({ type, nullable }: JsonObject): { types: string[]; isNullable: boolean } => {
  const given = (Array.isArray(type) ? type : [type]).filter((each) => typeof each === "string");
  return {
    types: given.filter((each) => each !== "null"),
    isNullable: nullable === true || (given.includes("null") && given.length > 1),
  };
};

const asText = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** The type of a schema that does not name one, inferred from its keywords. */
const guessedType = ({ properties, items, const: value, enum: values }: JsonObject): string => {
  if (properties !== undefined) return "object";
  if (items !== undefined) return "array";
  const [first = value] = Array.isArray(values) ? values : [];
  return typeof first === "number" ? "number" : typeof first === "boolean" ? "boolean" : "string";
};
