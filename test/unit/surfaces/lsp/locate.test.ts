import assert from "node:assert/strict";
import fc from "fast-check";
import { TextDocument } from "vscode-languageserver-textdocument";
import { follow, place, searchedText, settle } from "../../../../server/surfaces/lsp/locate.ts";
import { findingOn } from "./support.ts";

describe("the place of a finding", () => {
  const text = "a\nfoo();\nb\nfoo();\nc\n";

  it("is where its text stands, nearest to where it was reported", () => {
    const finding = findingOn(text, 4, 4);
    assert.equal(settle(place(finding), searchedText(text)).line, 3);
    assert.equal(settle(place(finding), searchedText(`x\ny\n${text}`)).line, 3);
  });

  it("is found under another indentation and other line ends", () => {
    const finding = findingOn("if (a) {\n  b();\n}\n", 1, 2);
    assert.equal(settle(place(finding), searchedText("\n    if (a) {\n        b();")).line, 1);
    assert.equal(settle(place(finding), searchedText("x\r\nif (a) {\r\n  b();\r\n}")).line, 1);
  });

  it("is nowhere when the text is not there, and comes back with it", () => {
    const placed = settle(place(findingOn(text, 2, 2)), searchedText(text));
    const gone = settle(placed, searchedText("nothing"));
    assert.equal(gone.line, null);
    assert.equal(settle(gone, searchedText(text)).line, 1);
  });

  it("is looked for only where it is expected while somebody types, until it was seen", () => {
    const unseen = place(findingOn(text, 2, 2));
    const moved = searchedText(`x\n${text}`);
    assert.equal(settle(unseen, moved, false).line, null);
    assert.equal(settle(settle(unseen, searchedText(text), false), moved, false).line, 2);
  });

  it("is found among 50,000 lines without a pause that is felt", () => {
    const many = searchedText(Array.from({ length: 50_000 }, (_, line) => `line ${line};`).join("\n"));
    const findings = Array.from({ length: 50 }, () =>
      settle(place(findingOn(text, 2, 3)), searchedText(text)),
    );
    const before = process.cpuUsage();
    for (const placed of findings) assert.equal(settle(placed, many, false).line, null);
    // Processor time, so that a busy machine does not fail it; in microseconds.
    assert.ok(process.cpuUsage(before).user < 200_000);
  });

  it("is its line alone when it was reported without a file", () => {
    const finding = findingOn("Loop ends one early", 1, 1);
    assert.equal(settle(place({ ...finding, start_line: 2, end_line: 2 }), searchedText("a\nb")).line, 1);
    assert.equal(settle(place({ ...finding, start_line: 9, end_line: 9 }), searchedText("a\nb")).line, null);
  });

  /** Edits as an editor sends them, none of which touches the line that says `target`. */
  it("follows one of several equal lines through any edits around it", () => {
    const filler = fc.array(fc.constantFrom("x", "target", ""), { maxLength: 6 });
    const change = fc.record({
      above: fc.boolean(),
      at: fc.nat(),
      length: fc.nat(3),
      lines: filler,
    });
    fc.assert(
      fc.property(filler, filler, fc.array(change, { maxLength: 8 }), (above, below, changes) => {
        let document = TextDocument.create(
          "file:///a",
          "plain",
          1,
          [...above, "target", ...below].join("\n"),
        );
        let line = above.length;
        let placed = settle(
          place(findingOn(document.getText(), line + 1, line + 1)),
          searchedText(document.getText()),
        );
        for (const { above: isAbove, at, length, lines } of changes) {
          // Whole lines before the target, or whole lines behind it.
          const count = document.lineCount - line - 1;
          if (isAbove ? line === 0 : count === 0) continue;
          const from = isAbove ? at % line : line + 1 + (at % count);
          const to = Math.min(from + length, isAbove ? line : document.lineCount - 1);
          const range = { start: { line: from, character: 0 }, end: { line: to, character: 0 } };
          const edit = { range, text: lines.map((content) => `${content}\n`).join("") };
          document = TextDocument.update(document, [edit], document.version + 1);
          placed = follow(placed, edit);
          if (isAbove) line += lines.length - (to - from);
          placed = settle(placed, searchedText(document.getText()));
          assert.equal(placed.line, line);
        }
      }),
    );
  });
});
