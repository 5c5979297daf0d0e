import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { claudeBody } from "../../../server/gateway/providers/claude.ts";

const request = { system: "", messages: [], tools: [], temperature: 0.2, max_tokens: 10 };

describe("the temperature of a request to Claude", () => {
  for (const model of [
    "claude-3-5-haiku-latest",
    "claude-opus-4-20250514",
    "claude-sonnet-4-5",
    "claude-opus-4-6",
  ])
    it(`is sent to ${model}`, () => {
      assert.equal(Reflect.get(claudeBody(model, request), "temperature"), 0.2);
    });
  for (const model of [
    "claude-opus-4-7",
    "claude-opus-4-8-20260801",
    "claude-opus-5",
    "claude-sonnet-5-5",
    "another",
  ])
    it(`is not sent to ${model}`, () => {
      assert.equal("temperature" in claudeBody(model, request), false);
    });
});

describe("the thoughts of Claude", () => {
  it("are asked for where the model thinks only when it is asked to", () => {
    assert.deepEqual(claudeBody("claude-opus-4-8", request).thinking, { type: "adaptive" });
  });

  for (const model of ["claude-opus-5-5", "claude-haiku-4-5", "another"])
    it(`are left to ${model}`, () => {
      assert.equal("thinking" in claudeBody(model, request), false);
    });
});
