import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../../../schemas/primitives.ts";
import { inGeminiDialect } from "../../../server/gateway/providers/gemini-schema.ts";

describe("a tool's schema in Gemini's dialect", () => {
  for (const [what, schema, expected] of [
    [
      "leaves out what is refused",
      {
        $schema: "x",
        type: "object",
        additionalProperties: false,
        properties: { a: { type: "string", not: {} } },
      },
      { type: "object", properties: { a: { type: "string" } } },
    ],
    ["writes const as an enumeration", { const: "add" }, { type: "string", enum: ["add"] }],
    [
      "says numbers that are listed in the description",
      { type: "integer", enum: [1, 2], description: "A level." },
      { type: "integer", description: "A level. One of: 1, 2." },
    ],
    ["writes a type or null as nullable", { type: ["string", "null"] }, { type: "string", nullable: true }],
    [
      "writes a choice with null as nullable",
      { oneOf: [{ type: "integer" }, { type: "null" }] },
      { type: "integer", nullable: true },
    ],
    [
      "writes several types and oneOf as anyOf",
      {
        type: "object",
        properties: {
          a: { type: ["string", "number"] },
          b: { oneOf: [{ type: "string" }, { type: "boolean" }] },
        },
      },
      {
        type: "object",
        properties: {
          a: { anyOf: [{ type: "string" }, { type: "number" }] },
          b: { anyOf: [{ type: "string" }, { type: "boolean" }] },
        },
      },
    ],
    [
      "puts in what a reference names",
      { type: "object", properties: { a: { $ref: "#/$defs/A" } }, $defs: { A: { type: "string" } } },
      { type: "object", properties: { a: { type: "string" } } },
    ],
    [
      "joins allOf",
      {
        allOf: [
          { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
          { properties: { b: { type: "string" } } },
        ],
      },
      { type: "object", properties: { a: { type: "string" }, b: { type: "string" } }, required: ["a"] },
    ],
    ["says what is in a list", { type: "array" }, { type: "array", items: { type: "string" } }],
    [
      "demands no property that there is not",
      { type: "object", properties: { a: {} }, required: ["a", "b"] },
      { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
    ],
    ["drops a format that is not known", { type: "string", format: "uri" }, { type: "string" }],
  ] as const satisfies readonly (readonly [string, Json, Json])[])
    it(what, () => {
      assert.deepEqual(inGeminiDialect(schema), expected);
    });

  it("ends a schema that refers to itself", () => {
    const schema = { type: "object", properties: { child: { $ref: "#" } } };
    assert.match(JSON.stringify(inGeminiDialect(schema)), /"child":\{"type":"object"\}\}/);
  });

  it("ends references that go round in a circle", () => {
    const schema = { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } };
    assert.equal(inGeminiDialect(schema).type, "object");
  });

  it("ends a schema that is a part of itself", () => {
    assert.deepEqual(inGeminiDialect({ allOf: [{ $ref: "#" }], type: "object" }), { type: "object" });
  });

  it("stays small where many schemas refer to one another", () => {
    const names = Array.from({ length: 12 }, (_, index) => `d${index}`);
    const references = Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }]));
    const schema = {
      type: "object",
      properties: references,
      $defs: Object.fromEntries(names.map((name) => [name, { type: "object", properties: references }])),
    };
    assert.ok(JSON.stringify(inGeminiDialect(schema)).length < 1_000_000);
  });

  it("has nothing but the dialect's words, whatever it is given", () => {
    const words = new Set(
      "type title description nullable minimum maximum pattern format enum anyOf items properties required minItems maxItems minLength maxLength minProperties maxProperties".split(
        " ",
      ),
    );
    const check = (schema: Json): void => {
      assert.ok(typeof schema === "object" && schema !== null && !Array.isArray(schema));
      for (const [word, value] of Object.entries(schema)) {
        assert.ok(words.has(word), word);
        if (word === "items") check(value);
        if (word === "anyOf" && Array.isArray(value)) value.forEach(check);
        if (word === "properties" && typeof value === "object" && value !== null)
          Object.values(value).forEach(check);
      }
    };
    const keyword = fc.constantFrom(
      "type",
      "anyOf",
      "oneOf",
      "allOf",
      "items",
      "properties",
      "const",
      "not",
      "$ref",
      "enum",
      "required",
    );
    const { schema } = fc.letrec<{ schema: Json }>((tie) => ({
      schema: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom<Json>("object", "string", "null", "#", true, 1, null, ["string", "null"]),
        fc.dictionary(keyword, tie("schema"), { maxKeys: 4 }),
        fc.array(tie("schema"), { maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(schema, (given) => {
        check(inGeminiDialect(given));
      }),
      { numRuns: 300 },
    );
  });
});
