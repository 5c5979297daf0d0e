import assert from "node:assert/strict";
import fc from "fast-check";
import { withoutOverEscaping } from "../../../server/gateway/providers/over-escaping.ts";

const undo = (content: string): unknown => withoutOverEscaping({ content }).content;

describe("over-escaped arguments", () => {
  const code = 'import { add } from "./add.ts";\n\ndescribe("add", () => {\n  it(\'adds\', () => {});\n});\n';

  it("come out as they were meant", () => {
    assert.equal(undo(JSON.stringify(code).slice(1, -1)), code);
  });

  it("leave code alone that merely contains escapes", () => {
    for (const line of [
      'console.log("a\\nb\\nc");',
      "const lines = text.split('\\n').map((line) => line.trim()).join('\\n');",
      "const joined = `${a}\\n${b}\\n`;",
      "C:\\\\new\\\\table",
      "one line",
    ]) {
      assert.equal(undo(line), line);
    }
  });

  it("never touch a text that has a line break of its own", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const text = `${before}\n${after}\\n`;
        assert.equal(undo(text), text);
      }),
    );
  });

  it("leave everything that is no text", () => {
    const args = { lines: [1, 2], deep: { content: "a\\nb\\nc\\n" }, flag: true };
    assert.deepEqual(withoutOverEscaping(args), args);
  });
});
