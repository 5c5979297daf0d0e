import assert from "node:assert/strict";
import fc from "fast-check";
import { editText } from "../../../server/worker/tools/edit-text.ts";

const source = `function area(shape) {
  if (shape.kind === "circle") {
    return Math.PI * shape.r ** 2;
  }
  return shape.w * shape.h;
}
`;

const edited = (text: string, oldText: string, newText: string): string => {
  const edit = editText(text, oldText, newText);
  assert.ok(edit.ok, edit.ok ? "" : edit.reason);
  return edit.text;
};
const reasonOf = (text: string, oldText: string, newText = "new"): string => {
  const edit = editText(text, oldText, newText);
  assert.ok(!edit.ok);
  return edit.reason;
};

describe("edit ladder", function () {
  this.timeout(20_000);

  it("replaces what stands exactly once, and nothing else", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "\r\n", "\t", "é"), maxLength: 40 });
    fc.assert(
      fc.property(text, text, text, text, (before, old, after, replacement) => {
        fc.pre(
          old.trim() !== "" && old !== replacement && !(before + after + replacement + old).includes("\r\n"),
        );
        const whole = before + old + after;
        fc.pre(whole.indexOf(old) === before.length && whole.lastIndexOf(old) === before.length);
        const isWholeLines = old.endsWith("\n") && (before === "" || before.endsWith("\n"));
        const isJoined = isWholeLines && replacement !== "" && !replacement.endsWith("\n");
        const wanted = before + replacement + (isJoined ? "\n" : "") + after;
        const isCut = whole.endsWith("\n") && wanted !== "" && !wanted.endsWith("\n");
        assert.equal(edited(whole, old, replacement), wanted + (isCut ? "\n" : ""));
      }),
      { numRuns: 500 },
    );
  });

  it("never changes a line outside the place it names, whatever it is asked", () => {
    const line = fc.constantFrom("{", "}", "  a;", "    b;", "\tc;", "", "  }", "a;");
    const lines = fc.array(line, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lines, lines, lines, fc.constantFrom("\n", "\r\n"), (file, old, replacement, ending) => {
        const text = file.join(ending) + ending;
        const edit = editText(text, old.join("\n"), replacement.join("\n"));
        if (!edit.ok) return;
        const linesTo = (end: number): string =>
          file
            .slice(0, end)
            .map((each) => each + ending)
            .join("");
        const head = linesTo(edit.first_line - 1);
        const tail = text.slice(linesTo(edit.first_line - 1 + old.length).length);
        assert.ok(edit.text.startsWith(head) && edit.text.endsWith(tail));
        assert.equal(edit.text.split("\n").length, edit.text.split(ending).length);
      }),
      { numRuns: 1000 },
    );
  });

  it("finds the text with the file's line endings, and writes with them", () => {
    const windows = source.replaceAll("\n", "\r\n");
    const result = edited(windows, "  }\n  return shape.w", "  }\n  // a box\n  return shape.w");
    assert.equal(result, windows.replace("  return shape.w", "  // a box\r\n  return shape.w"));
    const mixed = "one\r\ntwo\nthree\r\n";
    assert.equal(edited(mixed, "two\nthree", "2\n3"), "one\r\n2\r\n3\r\n");
  });

  it("finds the lines with another indentation, and gives the new ones the file's", () => {
    const result = edited(
      source,
      'if (shape.kind === "circle") {\n    return Math.PI * shape.r ** 2;\n}',
      'if (shape.kind === "circle") {\n    if (shape.r < 0) {\n        throw new RangeError();\n    }\n    return Math.PI * shape.r ** 2;\n}',
    );
    assert.equal(
      result,
      source.replace(
        "    return Math",
        "    if (shape.r < 0) {\n      throw new RangeError();\n    }\n    return Math",
      ),
    );
  });

  it("turns spaces into the file's tabs, line by line", () => {
    const tabs = source.replaceAll("  ", "\t");
    const result = edited(
      tabs,
      '  if (shape.kind === "circle") {\n    return Math.PI * shape.r ** 2;\n  }',
      '  if (shape.kind === "circle") {\n    const { r } = shape;\n    if (r > 0) {\n      return Math.PI * r ** 2;\n    }\n  }',
    );
    assert.equal(
      result,
      tabs.replace(
        "\t\treturn Math.PI * shape.r ** 2;",
        "\t\tconst { r } = shape;\n\t\tif (r > 0) {\n\t\t\treturn Math.PI * r ** 2;\n\t\t}",
      ),
    );
  });

  const job = 'def run(dry):\n    if dry:\n        print("dry run")\n    close()\n    return 1\n';

  it("refuses to move a line into another block", () => {
    const written = '    if dry:\n        print("dry run")\n        close()';
    assert.match(
      reasonOf(job, written, `${written}\n        log()`),
      /"close\(\)" is in another block there/,
    );
    assert.match(reasonOf(job, 'print("dry run")\nclose()', "close()"), /other|another/);
    const flat = 'if dry:\nprint("dry run")\n';
    assert.match(reasonOf(job, flat, `${flat}log()`), /in another block there/);
  });

  it("takes the step of indentation from the whole file, or refuses", () => {
    assert.equal(
      edited(job, "\tclose()\n\treturn 1", "\tif dry:\n\t\tclose()\n\treturn 1"),
      job.replace("    close()", "    if dry:\n        close()"),
    );
    assert.equal(
      edited(job, "  close()\n  return 1", "  if dry:\n    close()\n  return 1"),
      job.replace("    close()", "    if dry:\n        close()"),
    );
    assert.match(
      reasonOf(job, "  close()\n  return 1", "  if dry:\n    close()\n   return 1"),
      /"return 1" fits no step of the file/,
    );
  });

  it("leaves white space within a text of several lines to who can see it", () => {
    const text = 'def sql():\n    return """\n    select 1\n    """\n';
    assert.match(
      reasonOf(text, 'return """\nselect 1\n"""', 'return """\nselect 2\n"""'),
      /in another block|a text of several lines/,
    );
  });

  it("refuses further lines whose block is open, where blocks are made of indentation", () => {
    const edit = editText(job, "return 1", "return 1\n\n\ndef stop():\n    pass", true);
    assert.match(edit.ok ? "" : edit.reason, /Begin old_text and new_text with the whole line/);
    assert.equal(
      edited(job, "return 1", "return 1\n    # done"),
      job.replace("return 1", "return 1\n    # done"),
    );
    assert.ok(editText(job, "return 1", "if dry:\n        return 2\n    return 1", true).ok);
  });

  it("keeps lines apart and the last newline in place", () => {
    assert.equal(edited("a\nb\nc\n", "b\n", "B"), "a\nB\nc\n");
    assert.equal(edited("a\nb\nc\n", "c\n", "C"), "a\nb\nC\n");
    assert.equal(edited("a\nb\nc\n", "\nc\n", ""), "a\nb\n");
    assert.equal(edited("a\n  b\nc\n", "    b\n", ""), "a\nc\n");
  });

  it("refuses what stands there more than once, and says where", () => {
    assert.match(reasonOf(source, "return"), /stands there 2 times, at lines 3, 5\./);
    assert.match(reasonOf("  a;\n  b;\n    a;\n", "\ta;"), /2 times, at lines 1, 3/);
  });

  it("refuses what is not there, and shows the nearest lines", () => {
    const filler = Array.from({ length: 60 }, (_, index) => `const value${index} = ${index};`).join("\n");
    const reason = reasonOf(`${filler}\n${source}${filler}\n`, "  return shape.width * shape.height;\n}");
    assert.match(reason, /65\t {2}return shape\.w \* shape\.h;/);
    assert.ok(reason.split("\n").length < 15);
    assert.match(reasonOf(source, "SELECT name FROM users"), /nothing in it is like it/);
  });

  it("refuses an edit that would change nothing or names no text", () => {
    assert.match(reasonOf(source, "return", "return"), /the same/);
    assert.match(reasonOf(source, " \n"), /empty/);
    assert.match(reasonOf("", "a"), /not in it/);
  });

  it("looks at a file of 5 MB without a noticeable wait", () => {
    const large = "const value = compute(left, right);\n".repeat(140_000);
    const started = performance.now();
    assert.match(reasonOf(large, "const value = compute(left, wrong);"), /nearest lines/);
    assert.ok(performance.now() - started < 10_000);
  });
});
