import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ownSchemas, serverSchemas } from "../../../server/tools/schema-checks.ts";

const pair = { prefixItems: [{ type: "string" }, { type: "number" }] };
const schemaOf = ($schema: string, value: object) => ({ $schema, type: "object", properties: { value } });

describe("the validation of a tool's input", () => {
  for (const [whose, open] of Object.entries({ "the user": ownSchemas, "a server": serverSchemas })) {
    it(`knows draft 2020-12, in a schema of ${whose}`, () => {
      const validate = open().compile(schemaOf("https://json-schema.org/draft/2020-12/schema", pair));
      assert.equal(validate({ value: ["a", 1] }), true);
      assert.equal(validate({ value: ["a", "b"] }), false);
    });

    it(`knows draft 2019-09, in a schema of ${whose}`, () => {
      for (const draft of [
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft/2019-09/schema#",
      ]) {
        const validate = open().compile(schemaOf(draft, { dependentRequired: { from: ["to"] } }));
        assert.equal(validate({ value: { from: 1, to: 2 } }), true);
        assert.equal(validate({ value: { from: 1 } }), false);
      }
    });

    it(`knows draft 7, in a schema of ${whose}`, () => {
      const tuple = { items: [{ type: "string" }, { type: "number" }] };
      const validate = open().compile(schemaOf("http://json-schema.org/draft-07/schema#", tuple));
      assert.equal(validate({ value: ["a", 1] }), true);
      assert.equal(validate({ value: ["a", "b"] }), false);
    });
  }

  it("treats a server's schema of an unknown draft as draft 7", () => {
    const validate = serverSchemas().compile(schemaOf("https://example.org/draft", { type: "string" }));
    assert.equal(validate({ value: 5 }), false);
  });
});
