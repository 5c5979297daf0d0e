import assert from "node:assert/strict";
import fc from "fast-check";
import { hunksOf, isCode, writtenLines } from "../../../server/teams/gates/hunks.ts";

const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });

describe("the pieces of a change", () => {
  it("give the text before back when each of them is taken back", () => {
    fc.assert(
      fc.property(lines, lines, (one, other) => {
        const [before, after] = [one.join("\n"), other.join("\n")];
        let text = after;
        const steps = hunksOf({ path: "a", before, after }).length;
        for (let step = 0; step < steps; step += 1)
          text = hunksOf({ path: "a", before, after: text }).at(-1)?.without ?? text;
        assert.equal(text, before);
      }),
    );
  });

  it("are each taken back alone", () => {
    const before = "one\ntwo\nthree\nfour\nfive\n";
    const after = "ONE\ntwo\nthree\nfour\nFIVE\n";
    assert.deepEqual(
      hunksOf({ path: "a", before, after }).map(({ without }) => without),
      ["one\ntwo\nthree\nfour\nFIVE\n", "ONE\ntwo\nthree\nfour\nfive\n"],
    );
  });

  it("know the lines the change wrote", () => {
    assert.deepEqual(writtenLines({ path: "a", before: "1\n2\n3\n", after: "1\nnew\nnew\n3\n" }), [
      { from: 2, to: 3 },
    ]);
  });

  it("are no code when only comments and blanks differ", () => {
    const after = "f(); // why\n\n";
    const [hunk] = hunksOf({ path: "a", before: "f();\n", after });
    assert.ok(hunk !== undefined && !isCode(hunk, after));
  });

  it("are code when a private field of JavaScript differs, and none when a comment of Python does", () => {
    const isCodeIn = (path: string, before: string, after: string) =>
      hunksOf({ path, before, after }).some((hunk) => isCode(hunk, after));
    assert.equal(
      isCodeIn("src/queue.js", "class A {\n  #count = 0;\n}\n", "class A {\n  #count = 1;\n}\n"),
      true,
    );
    assert.equal(isCodeIn("src/cli.js", "#!/usr/bin/node\nrun();\n", "#!/usr/bin/env node\nrun();\n"), false);
    assert.equal(isCodeIn("src/queue.py", "  # count = 0\nrun()\n", "  # count = 1\nrun()\n"), false);
  });

  it("are no code when only types differ", () => {
    const before = "interface Invoice {\n  tax: number;\n}\nexport const f = (a: Invoice) => a.tax;\n";
    const after = before.replace("tax: number;", "tax: number;\n  discount?: number;");
    const [hunk] = hunksOf({ path: "src/invoice.ts", before, after });
    assert.ok(hunk !== undefined && !isCode(hunk, after));
  });
});
