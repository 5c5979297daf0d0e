import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { constantsAmong } from "../../../server/teams/gates/constant-answers.ts";

const found = (path: string, after: string, tests = ""): string[] =>
  constantsAmong({ path, before: null, after }, [tests]).map(({ name }) => name);

describe("functions that give the same for every input", () => {
  it("finds those that name none of their parameters", () => {
    assert.deepEqual(found("a.js", 'export const slug = (value) => "two-words";\n'), ["slug"]);
    assert.deepEqual(found("a.ts", "export function total(items: number[]): number {\n  return 42;\n}\n"), [
      "total",
    ]);
    assert.deepEqual(found("a.js", 'const A = "b";\nexport const f = async (x) => {\n  return A;\n};\n'), [
      "f",
    ]);
    assert.deepEqual(found("a.py", 'def total(items: list[int]) -> int:\n    """All."""\n    return 42\n'), [
      "total",
    ]);
  });

  it("finds those that the tests give more than they take", () => {
    const code = 'export const slug = () => "two-words";\n';
    assert.deepEqual(found("a.js", code, 'assert.equal(slug("Two Words"), "two-words");'), ["slug"]);
    assert.deepEqual(found("a.js", code, 'assert.equal(slug(), "two-words");'), []);
  });

  it("leaves out those that the tests give different inputs", () => {
    const code = "export class FlatRate {\n  cost(parcel) {\n    return 490;\n  }\n}\n";
    const one = "assert.equal(rate.cost({ grams: 10 }), 490);\n";
    assert.deepEqual(found("a.js", code, one + one), ["cost"]);
    assert.deepEqual(found("a.js", code, `${one}assert.equal(rate.cost({ grams: 9000 }), 490);\n`), []);
  });

  it("takes titles and remarks for no calls, and a variable in a table for different inputs", () => {
    const code = 'export const slug = (text) => "hello-world";\n';
    const one = 'assert.equal(slug("Hello World"), "hello-world");\n';
    assert.deepEqual(
      found("a.js", code, `// slug(text) joins\nit("slug(text) joins", () => {\n${one}});\n`),
      ["slug"],
    );
    const table = 'it.each(["a", "b"])("%s", (text) => {\nassert.equal(slug(text), "hello-world");\n});\n';
    assert.deepEqual(found("a.js", code, table), []);
  });

  it("reads a source with a long text and a long remark", () => {
    const long = `export const asset = "${"x".repeat(200_000)}";\n/*${" remark\n".repeat(20_000)}*/\n`;
    const code = `${long}export const slug = (text) => "hello-world";\n`;
    assert.deepEqual(found("a.ts", code, 'assert.equal(slug("Hello World"), "hello-world");\n'), ["slug"]);
  });

  it("finds methods of classes that do not look at what they are made with", () => {
    const script = "class Shape {}\nclass Circle extends Shape {\n  area() {\n    return 78.54;\n  }\n}\n";
    assert.deepEqual(found("a.js", script, "expect(new Circle(5).area()).toBe(78.54);"), ["area"]);
    assert.deepEqual(
      found(
        "a.js",
        script.replace("  area", "  constructor(r) {\n    this.r = r;\n  }\n  area"),
        "new Circle(5)",
      ),
      [],
    );
    const python =
      "class Circle:\n    def __init__(self, radius):\n        pass\n\n    def area(self):\n        return 78.54\n";
    assert.deepEqual(found("a.py", python, "assert Circle(5).area() == 78.54"), ["area"]);
  });

  it("leaves out code that uses its input, in a text as well, or has a state", () => {
    assert.deepEqual(found("a.js", "export const hi = (name) => `Hello ${name}`;\n"), []);
    assert.deepEqual(found("a.js", "export const unique = (list) => [...new Set(list)];\n"), []);
    assert.deepEqual(found("a.js", "export const next = (unused) => counter + 2;\n"), []);
    assert.deepEqual(found("a.js", "class A {\n  size(x) {\n    return this.count + 5;\n  }\n}\n"), []);
    assert.deepEqual(found("a.py", 'def hi(name):\n    return f"Hello {name}"\n'), []);
    assert.deepEqual(
      found(
        "a.ts",
        "class A {\n  constructor(private readonly on: (key: K) => void = () => undefined) {}\n}\n",
      ),
      [],
    );
  });

  it("leaves out results that say little, parameters that are left out on purpose, and errors", () => {
    for (const result of ["undefined", "true", "[]", "0", '""', "({})", "Promise.resolve()"])
      assert.deepEqual(found("a.js", `export const none = (event) => ${result};\n`), [], result);
    assert.deepEqual(found("a.js", 'export const kind = (_node) => "text";\n'), []);
    assert.deepEqual(
      found("a.js", 'export const set = (key) => {\n  throw new Error("read only");\n};\n'),
      [],
    );
  });
});
