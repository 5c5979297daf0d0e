import assert from "node:assert/strict";
import fc from "fast-check";
import { readTemplateCalls } from "../../../server/gateway/template-calls.ts";

const tools = [{ name: "look", description: "", schema: {} }];
const read = (text: string) => readTemplateCalls(text, tools, 1);
const call = '{"name": "look", "arguments": {"path": "a.js"}}';

describe("calls in the form of a template", () => {
  it("are read with the text before them, one after the other", () => {
    const parts = read(`First I look.\n[TOOL_CALLS][${call}, ${call}]</s>`);
    assert.deepEqual(
      parts?.map((part) => (part.type === "tool_call" ? part.call_id : part.type)),
      ["text", "call_1", "call_2"],
    );
  });

  it("keep the lines of an argument as they are", () => {
    const text = "<function=look>\n<parameter=path>\n  a\n\n  b\n</parameter>\n</function>";
    assert.partialDeepStrictEqual(read(text), [{ arguments: { path: "  a\n\n  b" } }]);
  });

  it("are not made where the model only writes about one", () => {
    for (const text of [
      `A call looks like [TOOL_CALLS][${call}]`,
      `[TOOL_CALLS][${call}]\nThat is how it would look.`,
      `\`\`\`\n[TOOL_CALLS][${call}]\n\`\`\``,
      '[TOOL_CALLS][{"name": "delete_all", "arguments": {}}]',
      "<function=look>\n<parameter=path>\na.js",
      "[TOOL_CALLS]look[ARGS]{not JSON}",
      "<|python_tag|>print(1)",
    ])
      assert.equal(read(text), null, text);
  });

  it("are none where the JSON is nested deeper than anything can walk", () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    assert.equal(read(`[TOOL_CALLS]${deep}`), null);
    assert.equal(read(`[TOOL_CALLS]look[ARGS]{"path":${deep}}`), null);
  });

  it("are found in no time, whatever the text", () => {
    const pieces = fc.constantFrom("[TOOL_CALLS]", "<function=look>", "<parameter=a>", "\n", " ", "{", "<|");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 300 }), (parts) => {
        read(parts.join(""));
      }),
    );
  });
});
