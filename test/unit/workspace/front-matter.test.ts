import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readFrontMatter } from "../../../server/workspace/front-matter.ts";

const read = (...lines: string[]) => readFrontMatter(["---", ...lines, "---", "text"].join("\n"));

describe("front matter", () => {
  const fields: Readonly<Record<string, [lines: string[], value: string | null]>> = {
    "without YAML's comments": [["name: deploy # how we deploy"], "deploy"],
    "whose value is only a comment": [["name: # none yet"], null],
    "with # inside a word": [["name: C#-style"], "C#-style"],
    "in quotation marks, with a comment after them": [['name: "fix #12: now" # a comment'], "fix #12: now"],
    "in quotation marks, with # inside": [["name: 'see # here'"], "see # here"],
    "with a colon inside": [["name: Use when: it fails"], "Use when: it fails"],
    "in several lines, each with a comment": [["name: one # first", "  two # second"], "one two"],
    "as a block, in which # is text": [["name: >-  # folded", "  one # two", "  three"], "one # two three"],
    "as a block that says how far it is indented": [["name: |2-", "  one"], "one"],
  };
  for (const [name, [lines, value]] of Object.entries(fields))
    it(`has a field ${name}`, () => {
      assert.equal(read(...lines)?.field("name"), value);
    });

  it("has a list in each form, without comments", () => {
    for (const lines of [
      ["tools: [read, 'a b', search] # three"],
      ["tools: # three", "  - read # first", "  - 'a b'", "  - search"],
      ["tools:", "- read", '- "a b" # second', "- search"],
    ])
      assert.deepEqual(read(...lines)?.list("tools"), ["read", "a b", "search"], lines.join("\n"));
  });

  it("has quotation marks and paragraphs in a field", () => {
    const front = readFrontMatter(
      [
        ...[
          "---",
          'name: "say \\"hello\\" # twice" # a comment',
          "title: 'it''s here' # another",
          "about: >-",
        ],
        ...["  One paragraph.", "", "  Another one.", "last: 'open", "---", ""],
      ].join("\r\n"),
    );
    assert.equal(front?.field("name"), 'say "hello" # twice');
    assert.equal(front.field("title"), "it's here");
    assert.equal(front.field("about"), "One paragraph. Another one.");
    assert.equal(front.field("last"), "'open");
    assert.deepEqual(front.names, ["name", "title", "about", "last"]);
  });
});
