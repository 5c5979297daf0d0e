import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { claudeBody } from "../../../server/gateway/providers/claude-request.ts";

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
