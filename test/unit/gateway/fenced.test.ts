import assert from "node:assert/strict";
import fc from "fast-check";
import { Json } from "../../../schemas/primitives.ts";
import type { ModelRequest } from "../../../server/gateway/gateway.ts";
import { readFencedCalls, withFencedTools } from "../../../server/gateway/fenced.ts";

const tools = ["read_file", "write_file"].map((name) => ({
  name,
  description: name,
  schema: { type: "object" },
}));
const read = (text: string) => readFencedCalls(text, tools, 1);
const callsIn = (text: string) => read(text).flatMap((part) => (part.type === "tool_call" ? [part] : []));

describe("calls written as text", () => {
  it("come back as they were written, whatever their arguments hold", () => {
    const argument = fc.record(
      {
        path: fc.string(),
        content: fc.oneof(fc.string(), fc.constant("a\n```\nb\n```\n")),
      },
      { noNullPrototype: true },
    );
    const call = fc.record(
      { tool: fc.constantFrom("read_file", "write_file"), arguments: argument },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), (calls) => {
        const request: ModelRequest = {
          system: "",
          messages: [
            {
              role: "assistant",
              content: [
                { type: "text", text: "I work." },
                ...calls.map((one, index) => ({
                  type: "tool_call" as const,
                  call_id: `call_${index + 1}`,
                  ...one,
                  invalid: null,
                  signature: null,
                })),
              ],
            },
          ],
          tools,
          temperature: 0,
          max_tokens: 1,
        };
        const [message] = withFencedTools(request).messages;
        const [part] = message?.content ?? [];
        assert.ok(part?.type === "text");
        const [said, ...parts] = read(part.text);
        assert.deepEqual(said, { type: "text", text: "I work." });
        assert.deepEqual(parts, request.messages[0]?.content.slice(1));
      }),
    );
  });

  it("are found in every form that models use", () => {
    const json = '{"name": "read_file", "arguments": {"path": "a.ts"}}';
    for (const text of [
      json,
      `\`\`\`json\n${json}\n\`\`\``,
      `\`\`\`\n${json}\n\`\`\``,
      `Look:\r\n\`\`\`tool_call\r\n${json}\r\n\`\`\``,
      `<tool_call>\n${json}\n</tool_call>`,
      `\`\`\`json\n${json}`,
      '```json\n{"name": "read_file", "parameters": {"path": "a.ts"}}\n```',
    ]) {
      assert.deepEqual(
        callsIn(text).map(({ tool, arguments: given }) => ({ tool, given })),
        [{ tool: "read_file", given: { path: "a.ts" } }],
        text,
      );
    }
  });

  it("are not seen in ordinary code", () => {
    for (const text of [
      '```json\n{"name": "my-package", "version": "1.0.0"}\n```',
      '```json\n{"name": "unknown_tool", "arguments": {}}\n```',
      "```ts\nread_file({ path: 'a.ts' });\n```",
      'Call it like {"name": "read_file", "arguments": {}} in the text.',
    ]) {
      assert.deepEqual(read(text), [{ type: "text", text }]);
    }
  });

  it("are answered with the reason when they are announced and cannot be read", () => {
    const [call] = callsIn(
      '```tool_call\n{"tool": "write_file", "arguments": {"path": "a.ts", "content": "x\n```',
    );
    assert.equal(call?.tool, "write_file");
    assert.match(call.invalid ?? "", /not of the form/);
  });

  it("keep a tool that was not offered, so that the agent hears of its mistake", () => {
    assert.equal(callsIn('```tool_call\n{"tool": "fly", "arguments": {}}\n```')[0]?.tool, "fly");
  });

  it("never lose text and never throw", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("`", "\n", "{", "}", '"', "tool_call", "json", "a", " ") }),
        (text) => {
          const kept = read(text).map((part) =>
            part.type === "tool_call" ? JSON.stringify(part.arguments) : "text" in part ? part.text : "",
          );
          const letters = (value: string): number =>
            value.replaceAll("tool_call", "").replace(/[^a]/g, "").length;
          assert.ok(letters(kept.join("")) >= letters(text.replace(/^[ \t]*```.*$/gm, "")));
        },
      ),
    );
  });

  it("describe every tool with its schema", () => {
    const { system, tools: left } = withFencedTools({
      system: "S",
      messages: [],
      tools,
      temperature: 0,
      max_tokens: 1,
    });
    assert.deepEqual(left, []);
    for (const { name, schema } of tools) {
      assert.ok(system.includes(`## ${name}`));
      assert.ok(system.includes(JSON.stringify(Json.parse(schema))));
    }
  });
});
