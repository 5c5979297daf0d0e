import assert from "node:assert/strict";
import { z } from "zod";
import { AIProvider } from "../../../schemas/agent.ts";
import { describeProblems } from "../../../schemas/problems.ts";

const problems = (schema: z.ZodType, value: unknown): string => {
  const { error } = schema.safeParse(value);
  assert.ok(error);
  return describeProblems(error);
};

describe("what a schema found wrong, in words", () => {
  const schema = z.strictObject({
    name: z.string(),
    sizes: z.array(z.strictObject({ width: z.number().max(3) })).default([]),
  });

  it("tells a field that is missing from one of the wrong type", () => {
    assert.equal(problems(schema, {}), "name: is missing (string)");
    assert.equal(problems(schema, { name: 5 }), "name: must be a text");
  });

  it("names every place, through lists too", () => {
    assert.equal(
      problems(schema, { name: "a", sizes: [{ width: 1 }, { width: 9, depth: 1 }], colour: 1 }),
      "sizes[1].width: must be at most 3; sizes[1].depth: is not a known field; " +
        "colour: is not a known field",
    );
  });

  it("says of a choice what is wrong with the one that was meant", () => {
    const { api_key, ...rest } = { api_key: "hf_secretsecret", model: "m" };
    const text = problems(AIProvider, { HuggingFace: { ...rest, api_key } });
    assert.match(text, /^HuggingFace\.api_key: Invalid string: must match pattern/);
    assert.doesNotMatch(text, /hf_secret/);
  });

  it("says what is wrong with a value as a whole", () => {
    assert.equal(problems(z.string(), 1), "must be a text");
  });

  it("says in the words of a form what a value must be", () => {
    const cases: [z.ZodType, unknown, string][] = [
      [z.number().positive(), 0, "must be over 0"],
      [z.number().min(1), 0, "must be at least 1"],
      [z.int(), 0.5, "must be a whole number"],
      [z.coerce.number(), "abc", "must be a number"],
      [z.string().min(1), "", "must not be empty"],
      [z.string().max(3), "four", "must have at most 3 characters"],
      [z.enum(["a", "b"]), "c", "must be one of a, b"],
    ];
    for (const [schema, value, text] of cases) assert.equal(problems(schema, value), text);
  });
});
