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

  for (const [template, text] of Object.entries({
    "Llama 3.2": "[look(path='a.js')]",
    "Llama 3.2 behind a text": 'I look at it.\n[look(path="a.js")]',
    "Llama 4": '<|python_start|>[look(path="a.js",)]<|python_end|>',
    Cohere: 'Action: ```json\n[\n  {"tool_name": "look", "parameters": {"path": "a.js"}}\n]\n```',
    "Cohere's newer models":
      '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "look", "parameters": {"path": "a.js"}}]<|END_ACTION|>',
    "models that reason and act": 'Thought: I look.\nAction: look\nAction Input: {"path": "a.js"}',
  }))
    it(`are read as ${template} writes them`, () => {
      const calls = read(text)?.filter(({ type }) => type === "tool_call");
      assert.deepEqual(
        calls?.map((part) => part.type === "tool_call" && [part.tool, part.arguments]),
        [["look", { path: "a.js" }]],
      );
    });

  it("have Python values if the template is Python", () => {
    const text = `[look(path="it's\\n\\"so\\"", deep={'a': [1, -2.5, (True, None)], "b": {}}, text='''x"y'''), look()]`;
    const calls = read(text)?.map((part) => part.type === "tool_call" && part.arguments);
    const given = { path: `it's\n"so"`, deep: { a: [1, -2.5, [true, null]], b: {} }, text: 'x"y' };
    assert.deepEqual(calls, [given, {}]);
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
      '```python\n[look(path="a.js")]\n```',
      '[look(path="a.js")] is how you would do it.',
      '[delete_all(path="a.js")]',
      '[look("a.js")]',
      "[look](a.js)",
      "[look(path=a.js)]",
      `[look(path=${"[".repeat(5000)})]`,
      "Action: I would look first.\nAction Input: none",
      'Action: look\nAction Input: {"path": "a.js"}\nObservation: it is empty',
    ])
      assert.equal(read(text), null, text);
  });

  it("are none where the JSON is nested deeper than anything can walk", () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    assert.equal(read(`[TOOL_CALLS]${deep}`), null);
    assert.equal(read(`[TOOL_CALLS]look[ARGS]{"path":${deep}}`), null);
  });

  it("are found in no time, whatever the text", () => {
    const pieces = fc.constantFrom(
      "[TOOL_CALLS]",
      "<function=look>",
      "<parameter=a>",
      "[look(a=",
      "'",
      "\\",
      "Action: look\n",
      "\n",
      " ",
      "{",
      "<|",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 300 }), (parts) => {
        read(parts.join(""));
      }),
    );
  });
});
