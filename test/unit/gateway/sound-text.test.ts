import assert from "node:assert/strict";
import { soundRequest } from "../../../server/gateway/sound-text.ts";
import { question } from "../../support/gateway.ts";

const HALF = "😀".slice(0, 1);

describe("a request", () => {
  it("has no half character and no NUL in anything that is sent", () => {
    const request = question("", {
      system: `a${HALF}`,
      tools: [{ name: "look", description: HALF, schema: { properties: { path: { description: HALF } } } }],
      messages: [
        { role: "user", content: [{ type: "text", text: `b\0${HALF}` }] },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: HALF, signature: null },
            {
              type: "tool_call",
              call_id: "1",
              tool: "read_file",
              arguments: { path: HALF, list: [{ [HALF]: "\0" }] },
              invalid: null,
              signature: null,
            },
          ],
        },
        {
          role: "user",
          content: [{ type: "tool_result", call_id: "1", tool: "read_file", content: HALF, is_error: false }],
        },
      ],
    });
    // A half character is the only one that JSON writes as an escape of this kind.
    assert.doesNotMatch(JSON.stringify(soundRequest(request)), /\\ud[89a-f]|\\u0000/i);
  });

  it("keeps whole characters, and signed thoughts as they came", () => {
    const signed = { type: "reasoning" as const, text: HALF, signature: "claude:x" };
    const request = question("😀", { messages: [{ role: "assistant", content: [signed] }] });
    assert.deepEqual(soundRequest(request), request);
  });
});
