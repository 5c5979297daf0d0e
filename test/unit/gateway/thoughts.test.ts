import assert from "node:assert/strict";
import fc from "fast-check";
import { thoughtReader, withoutThoughts } from "../../../server/gateway/thoughts.ts";

/** What is shown and what was thought, with the answer coming in these pieces. */
const sort = (pieces: readonly string[]): { text: string; thoughts: string } => {
  const reader = thoughtReader();
  let [text, thoughts] = ["", ""];
  for (const sorted of [...pieces.map((piece) => reader.read(piece)), reader.end()]) {
    text = sorted.withdrawn ? sorted.text : text + sorted.text;
    thoughts += sorted.thoughts;
  }
  return { text, thoughts };
};

const draft = '```json\n{"name": "write_file", "arguments": {"path": "a", "content": "DRAFT"}}\n```';
const call =
  '<tool_call>\n{"name": "write_file", "arguments": {"content": "a <think> b </think> c"}}\n</tool_call>';

describe("thoughts in the text of an answer", () => {
  const marked = {
    "between think tags": `<think>\n${draft}\n</think>\n\nDone.`,
    "between thinking tags after some text": `Well. <thinking>${draft}</thinking>Done.`,
    "in capital brackets": `[THINK]${draft}[/THINK]Done.`,
    "of which only the end is marked": `${draft}\nBut no.\n</think>\nDone.`,
    "that quote the end of a thought in their code": `<think>${draft.replace("DRAFT", "</think>DRAFT")}\n</think>Done.`,
    "in the channel of analysis": `<|channel|>analysis<|message|>${draft}<|end|>Done.`,
    "in tags of Cohere": `<|START_THINKING|>${draft}<|END_THINKING|>Done.`,
    "in tags of Gemma": `<unused94>thought\n${draft}<unused95>Done.`,
    "in tags of Apertus": `<|inner_prefix|>${draft}<|inner_suffix|>Done.`,
    "before the channel of the answer": `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>final<|message|>Done.<|return|>`,
    "that never end": `Done.\n<think>\n${draft}`,
  };
  for (const [how, answer] of Object.entries(marked)) {
    it(`are no answer: ${how}`, () => {
      const { text, thoughts } = sort([answer]);
      assert.doesNotMatch(text, /DRAFT|think/i);
      assert.match(text, /Done\./);
      assert.doesNotMatch(text, /<\|/);
      assert.match(thoughts, /DRAFT/);
    });
  }

  const shown = {
    "in a fenced block": "Look:\n```html\n<think>x</think>\n```\nDone.",
    "in a span of code": "The tag `<think>` opens it, `</think>` closes it.",
    "in a call that is written out": call,
    "in an answer that is one call": '{"name": "write_file", "arguments": {"content": "<think>x</think>"}}',
  };
  for (const [where, answer] of Object.entries(shown)) {
    it(`are only shown ${where}`, () => {
      assert.deepEqual(sort([answer]), { text: answer, thoughts: "" });
    });
  }

  it("are the same however the answer is cut into pieces", () => {
    const words = [
      "<think>",
      "</think>",
      "`",
      "```",
      "\n",
      "<tool_call>",
      "</tool_call>",
      "a",
      "{",
      "<",
      "[THINK]",
    ];
    const answers = fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(answers, fc.array(fc.nat(40), { maxLength: 8 }), (answer, cuts) => {
        const ends = [...new Set(cuts.map((cut) => Math.min(cut, answer.length)))].sort((a, b) => a - b);
        const pieces = [...ends, answer.length].map((end, index) => answer.slice(ends[index - 1] ?? 0, end));
        assert.equal(sort(pieces).text, sort([answer]).text);
      }),
    );
  });

  it("are parts of their own in the message", () => {
    assert.deepEqual(withoutThoughts([{ type: "text", text: "<think>\nhm\n</think>\n\nYes." }]), [
      { type: "reasoning", text: "hm", signature: null },
      { type: "text", text: "Yes." },
    ]);
  });
});
