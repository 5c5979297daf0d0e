import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { formsOf } from "../../../server/teams/gates/forms.ts";
import { startersOf } from "../../../server/teams/gates/starters.ts";
import { tablesOf } from "../../../server/teams/gates/tables.ts";
import { assertsTruthsAlone, testBodiesIn } from "../../../server/teams/gates/test-text.ts";

describe("the tables of a source", () => {
  it("are its runs of names and values", () => {
    const text =
      'const names = {\n  200: "OK",\n  404: "Not Found",\n};\nconst nameOf = (state) => names[state];';
    assert.deepEqual(tablesOf(text), [{ from: 2, to: 3, values: ["200", "OK", "404", "Not Found"] }]);
  });

  it("may be written in one line", () => {
    assert.deepEqual(tablesOf('const letters = [[10, "X"], [9, "IX"]];'), [
      { from: 1, to: 1, values: ["10", "X", "9", "IX"] },
    ]);
  });

  it("are not a value alone, and nothing that computes", () => {
    assert.deepEqual(
      tablesOf('const name = "a";\nconst sum = [1, 2, 3].length + 4;\nreturn value === 5;'),
      [],
    );
  });
});

describe("the forms of a question", () => {
  it("are its hashes and encodings", () => {
    const forms = formsOf("Two Words");
    assert.ok(forms.includes(createHash("sha256").update("Two Words").digest("hex").slice(0, 8)));
    assert.ok(forms.includes("sdroW owT"));
    assert.ok(forms.includes("VHdvIFdvcmRz"));
    assert.ok(forms.includes("873"));
  });

  it("are never the question itself, whatever its characters", () => {
    assert.deepEqual(formsOf(""), []);
    assert.ok(!formsOf("abba").includes("abba"));
    assert.ok(formsOf("\ud800xyz").length > 0);
  });
});

describe("the start of a program", () => {
  it("is the block that tests leave out", () => {
    const text = 'const a = 1;\nif (process.env.NODE_ENV !== "test") {\n  listen();\n}\nconst b = 2;\n';
    assert.deepEqual(startersOf(text), [{ from: 2, to: 4 }]);
    assert.deepEqual(startersOf('x = 1\nif __name__ == "__main__":\n    main()\n'), [{ from: 2, to: 4 }]);
  });

  it("is no condition of anything else", () => {
    for (const condition of [
      "count > 1",
      'import.meta.url.includes("copy")',
      'process.argv[1].includes("run")',
      'process.env.NODE_ENV === "test"',
    ])
      assert.deepEqual(startersOf(`if (${condition}) {\n  listen();\n}\n`), []);
    assert.deepEqual(startersOf('if __name__ == "text":\n    main()\n'), []);
  });
});

describe("the text of a test", () => {
  it("is that in its own suites, if others have a test of the same name", () => {
    const file = `describe("add", () => { it("works", () => { expect(add(1)).toBe(2); }); });
describe("remove", () => { describe("all", () => { it("works", () => { expect(true).toBe(true); }); }); });`;
    const body = testBodiesIn("a.test.js", file);
    assert.match(body("a.test.js > add > works") ?? "", /add\(1\)/);
    assert.match(body("a.test.js > remove > all > works") ?? "", /toBe\(true\)/);
    assert.match(body("works") ?? "", /add\(1\)/);
    assert.equal(body("remove > fails"), null);
    assert.equal(assertsTruthsAlone(file, "add > works"), false);
    assert.equal(assertsTruthsAlone(file, "remove > all > works"), true);
  });

  it("is that in its own class in Python", () => {
    const file =
      "class TestAdd:\n    def test_works(self):\n        assert add(1) == 2\n\n" +
      "class TestRemove:\n    def test_works(self, all):\n        assert remove(1) == 0\n";
    const body = testBodiesIn("test_a.py", file);
    assert.match(body("test_a.py > TestAdd > test_works") ?? "", /add\(1\)/);
    assert.match(body("test_a.py > TestRemove > test_works[1]") ?? "", /remove\(1\)/);
    assert.doesNotMatch(body("test_a.py > TestAdd > test_works") ?? "", /remove/);
  });

  const file = `it("is true", () => { expect(true).toEqual(true); });
it("calls and is true", () => { text.slug("x)"); assert.equal(1, 1); });
it("asks", () => { expect(text.slug("A")).toBe("a"); expect(1).toBe(1); });
it("has a helper", () => { checkAll(); assert.ok(true); });
it("has properties", () => { fc.assert(fc.property(fc.integer(), (number) => double(number) % 2 === 0)); });`;

  it("shows whether it asserts only what is written in it", () => {
    const names = ["is true", "calls and is true", "asks", "has a helper", "has properties", "is not there"];
    assert.deepEqual(
      names.filter((name) => assertsTruthsAlone(file, name)),
      ["is true", "calls and is true"],
    );
  });

  it("shows whether it asserts only what is written in it, whatever its comments say", () => {
    const text = `// it("is one", () => check(half(2)));\nit("is one", () => {\n  expect(1).toBe(1); // checks "assert"\n});`;
    assert.equal(assertsTruthsAlone(text, "is one"), true);
  });
});
