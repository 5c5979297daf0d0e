import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { namesValidHeaders } from "../../../server/tools/header-fields.ts";

const object = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });
const field = (name: unknown, type = "string") => ({ type, "x-mcp-header": name });

describe("headers that the schema of a tool names", () => {
  const valid: Readonly<Record<string, object>> = {
    "none at all": object({ text: { type: "string" } }),
    "of text, numbers and truth values": object({
      ...{
        region: field("Region"),
        count: field("Count", "integer"),
        price: field("Price", "number"),
        isNew: field("Is-New", "boolean"),
      },
    }),
    "of a nested field": object({ place: object({ region: field("Region") }) }),
    "where only a field is called so": object({ "x-mcp-header": { type: "string" } }),
  };
  for (const [name, schema] of Object.entries(valid))
    it(`can be sent: ${name}`, () => {
      assert.equal(namesValidHeaders(schema), true);
    });

  const invalid: Readonly<Record<string, object>> = {
    "an empty name": object({ region: field("") }),
    "a name that is no text": object({ region: field(5) }),
    "a name with a space": object({ region: field("My Region") }),
    "a name with the end of a line": object({ region: field("Region\r\nHost: evil") }),
    "a name in other letters": object({ region: field("Région") }),
    "the same name twice": object({ one: field("Region"), other: field("REGION") }),
    "a field that is a list": object({ region: field("Region", "array") }),
    "a part of a list": object({ regions: { type: "array", items: field("Region") } }),
    "a choice": object({ region: { oneOf: [field("Region")] } }),
    "a definition that is referred to": object(
      { region: { $ref: "#/$defs/region" } },
      { $defs: { region: field("Region") } },
    ),
    "the input itself": object({}, { "x-mcp-header": "Region" }),
  };
  for (const [name, schema] of Object.entries(invalid))
    it(`cannot be sent: ${name}`, () => {
      assert.equal(namesValidHeaders(schema), false);
    });
});
