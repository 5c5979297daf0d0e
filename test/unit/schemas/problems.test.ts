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
    assert.equal(problems(schema, { name: 5 }), "name: Invalid input: expected string, received number");
  });

  it("names every place, through lists too", () => {
    assert.equal(
      problems(schema, { name: "a", sizes: [{ width: 1 }, { width: 9, depth: 1 }], colour: 1 }),
      "sizes[1].width: Too big: expected number to be <=3; sizes[1].depth: is not a known field; " +
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
    assert.equal(problems(z.string(), 1), "Invalid input: expected string, received number");
  });
});
