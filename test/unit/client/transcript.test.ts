import assert from "node:assert/strict";
import fc from "fast-check";
import { createLocalizer } from "../../../schemas/localizer.ts";
import type { Json } from "../../../schemas/primitives.ts";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import { blocksOf } from "../../../client/transcript/blocks.ts";
import { addEntries, addText, emptyTranscript } from "../../../client/transcript/live.ts";
import { markdownOf } from "../../../client/transcript/markdown.ts";
import { blockHtml } from "../../../client/transcript/page.ts";
import { NOW } from "../../support/records.ts";

const l10n = createLocalizer({});
const tool = (content: string): TranscriptEntry => ({
  type: "tool",
  at: NOW,
  turn: 1,
  outcome: {
    call_id: "1",
    tool: "run_tests",
    input: {},
    content,
    is_error: true,
    changes: [],
    duration_ms: 40,
  },
});

describe("the page of a transcript", () => {
  it("opens with what was said; the prompt and the results of tools are closed", () => {
    const prompt: TranscriptEntry = {
      type: "prompt",
      at: NOW,
      system: "Agent: Coder",
      messages: [{ role: "user", content: [{ type: "text", text: "Build it." }] }],
      tools: [],
    };
    const html = [prompt, tool("1 failed\n")]
      .flatMap((entry) => blocksOf(entry, l10n).map(blockHtml))
      .join("");
    assert.deepEqual(
      [...html.matchAll(/<details[^>]*>/g)].map(([tag]) => tag),
      ["<details>", "<details>", '<details class="failed">'],
    );
    assert.match(html, /<summary>→ run_tests · failed · 40 ms · 1 line<\/summary>/);
  });

  it("renders a model's Markdown, without pictures, HTML and links to commands", () => {
    const html = blockHtml({
      kind: "words",
      text: "**Done**: `a`, ![x](https://e.com/p.png), [run](command:rm), [docs](https://e.com), <img src=x>",
    });
    assert.match(html, /<strong>Done<\/strong>: <code>a<\/code>/);
    assert.match(html, /<a href="https:\/\/e\.com">docs<\/a>/);
    assert.doesNotMatch(html, /<img|href="command:/);
  });

  it("lets no text become a tag, an attribute or an invisible character", () => {
    const texts = fc.string({
      unit: fc.constantFrom("<", ">", '"', "'", "&", "a", "\n", "`", "\u202e", "script"),
    });
    fc.assert(
      fc.property(texts, (text) => {
        for (const kind of ["words", "thoughts", "note"] as const) {
          const html = blockHtml({ kind, text });
          assert.doesNotMatch(html, /<script|\u202e| on\w+=/);
        }
        const details = blockHtml({ kind: "details", title: text, text, failed: false });
        assert.doesNotMatch(details.replace(/<\/?(details|summary|pre)( tabindex="0")?>/g, ""), /[<>]/);
      }),
    );
  });
});

describe("a call in a transcript", () => {
  it("is named by what it is about, and shows text as it is", () => {
    const answer = (args: Json): TranscriptEntry => ({
      ...{ type: "answer", at: NOW, turn: 1, stop_reason: "tool_calls", provider: "Ollama", model: "m" },
      message: {
        role: "assistant",
        content: [
          {
            type: "tool_call",
            call_id: "1",
            tool: "write_file",
            arguments: args,
            invalid: null,
            signature: null,
          },
        ],
      },
      usage: { input: 1, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 1, reasoning: 0 },
      ...{ cost: 0, cached: false, duration_ms: 1 },
    });
    const [, call] = blocksOf(answer({ path: "src/a.js", content: 'say("x")\n' }), l10n);
    assert.deepEqual(call, {
      kind: "details",
      title: "write_file src/a.js",
      text: 'path: src/a.js\ncontent:\nsay("x")\n',
      failed: false,
    });
    const [, command] = blocksOf(answer({ command: "npm", args: ["test"] }), l10n);
    assert.ok(command?.kind === "details" && command.title === "write_file npm test");
  });
});

describe("a transcript that is copied", () => {
  it("fences what holds fences", () => {
    const blocks = blocksOf(tool("a\n````\nb\n"), l10n);
    assert.match(markdownOf("Coder", blocks), /\n`````\na\n````\nb\n`````\n/);
  });
});

describe("a transcript that grows", () => {
  it("shows an answer once: as it streams, then as it is stored", () => {
    const transcript = emptyTranscript();
    const text = {
      type: "model.text",
      at: NOW,
      task_id: "t",
      execution_id: "e",
      turn: 1,
      withdrawn: false,
    } as const;
    addText(transcript, { ...text, text: "Hel" });
    addText(transcript, { ...text, text: "lo" });
    assert.deepEqual(transcript.streaming, { turn: 1, text: "Hello" });
    addText(transcript, { ...text, text: "", withdrawn: true });
    assert.equal(transcript.streaming, null);
    addEntries(transcript, [tool("x")], 1, l10n);
    assert.deepEqual([transcript.next, transcript.blocks.length], [1, 1]);
  });
});
