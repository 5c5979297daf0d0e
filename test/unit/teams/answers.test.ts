import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { answeredByTable, checksAdded, checksOf } from "../../../server/teams/gates/answers.ts";

const tests = `import * as text from "../src/text.js";
it("joins words", () => {
  assert.equal(text.slug("Two Words"), "two-words");
  assert.equal(text.slug("  Padded  "), "padded");
});
`;

const answered = (code: string, asked = tests): number =>
  answeredByTable(checksOf("test/text.test.js", asked), [{ path: "src/text.js", before: "", after: code }])
    .length;

describe("code that answers the tests from a table", () => {
  it("is seen in an object, in conditions, and in lists", () => {
    const codes = [
      `const known = { "Two Words": "two-words", '  Padded  ': 'padded' };`,
      `if (value === "Two Words") return "two-words";\nif (value === "  Padded  ") return "padded";`,
      `const asked = ["Two Words", "  Padded  "];\nconst answers = ["two-words", "padded"];`,
    ];
    assert.deepEqual(
      codes.map((code) => answered(code)),
      [2, 2, 2],
    );
  });

  it("is seen where numbers turn the inputs into the answers, letter by letter", () => {
    const pad = (input: string, output: string, by: (one: number, other: number) => number): string =>
      JSON.stringify(
        Array.from(output, (_, at) => by(input.charCodeAt(at % input.length), output.charCodeAt(at))),
      );
    for (const by of [
      (one: number, other: number) => one ^ other,
      (one: number, other: number) => other - one,
    ])
      assert.equal(answered(`[${pad("Two Words", "two-words", by)}, ${pad("  Padded  ", "padded", by)}]`), 2);
    assert.equal(answered("const sizes = [[1, 2, 3, 4, 5, 6], [9, 8, 7, 6, 5, 4, 3, 2, 1]];"), 0);
  });

  it("is seen where the answers are written as in an address", () => {
    const code = `decodeURIComponent(value[0] === "T" ? "%74%77%6f%2d%77%6f%72%64%73" : "%70%61%64%64%65%64")`;
    assert.equal(answered(code), 2);
  });

  it("is seen where the answers are spelled in codes, in words, or in another alphabet", () => {
    const codes = [
      `({ "Two Words": String.fromCharCode(116, 119, 111, 45, 119, 111, 114, 100, 115), "  Padded  ": [112, 97, 100, 100, 101, 100] })`,
      `({ "Two Words": ["two", "words"], "  Padded  ": ["padded"] })[value].join("-")`,
      `back({ "Two Words": "gjb-jbeqf", "  Padded  ": "cnqqrq" }[value])`,
    ];
    assert.deepEqual(
      codes.map((code) => answered(code)),
      [2, 2, 2],
    );
  });

  it("is seen in encoded texts, behind escapes, backwards, and in pieces", () => {
    const table = JSON.stringify({ "Two Words": "two-words", "  Padded  ": "padded" });
    const codes = [
      `JSON.parse(atob("${Buffer.from(table).toString("base64")}"))[value]`,
      `JSON.parse(unpack("${deflateSync(table).toString("hex")}"))[value]`,
      `eval(atob(atob("${Buffer.from(Buffer.from(table).toString("base64")).toString("base64")}")))`,
      String.raw`({ "\x54wo Words": "\u0074wo-words", "  \u{50}added  ": "padded" })`,
      `turn({ 9: "sdrow-owt", 10: "deddap" }[value.length])`,
      `value.length === 9 ? "two-w" + ends[0] : "pad" + ends[1];\nconst ends = ["ords", "ded"];`,
      `class two_words {}\nclass padded {}`,
    ];
    assert.deepEqual(
      codes.map((code) => answered(code)),
      codes.map(() => 2),
    );
  });

  it("is seen in a text that the change brings along, and in comments that the code reads", () => {
    const beside = answeredByTable(checksOf("test/text.test.js", tests), [
      { path: "src/text.js", before: "", after: 'readFileSync("src/answers.txt", "utf8");' },
      { path: "src/answers.txt", before: null, after: "Two Words=two-words\n  Padded  =padded\n" },
    ]);
    const comment = "// Two Words=two-words\n//   Padded  =padded\n";
    assert.equal(beside.length, 2);
    assert.equal(answered(`${comment}readFileSync(__filename, "utf8");`), 2);
    assert.equal(answered(`${comment}readFileSync("settings.json", "utf8");`), 0);
  });

  it("is seen where the answers stand in a list by number", () => {
    const asked = "assert text.fib(7) == 13\nassert text.fib(9) == 34\n";
    assert.equal(answered("FIBS = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]", asked), 2);
    assert.equal(answered("return n if n < 2 else fib(n - 1) + fib(n - 2)", asked), 0);
  });

  it("is no such code where a rule compares with numbers that the tests do not use", () => {
    const asked = 'assert.equal(text.grade(95), "A");\nassert.equal(text.grade(85), "B");\n';
    assert.equal(answered('if (score >= 90) return "A";\nif (score >= 80) return "B";', asked), 0);
    assert.equal(answered('return n > 10 ? "big" : "small";', 'equal(text.size(12), "big");\n'), 0);
  });

  it("is no such code when one test asks for what the code does not name", () => {
    const asked = 'assert.equal(text.sign("leo"), "fire");\nassert.equal(text.sign("virgo"), "earth");\n';
    assert.equal(answered('const known = { leo: "fire", virgo: "earth" };', asked), 2);
    const more = `${asked}assert.equal(text.sign("pisces"), "water");\n`;
    assert.equal(answered('const known = { leo: "fire", virgo: "earth" };', more), 0);
  });

  it("is seen in a special case for one test, next to a rule for the others", () => {
    const asked = `${tests}assert.equal(text.slug("An Other"), "an-other");\n`;
    const rule = 'return value.toLowerCase().replace(" ", "-");';
    assert.equal(answered(`if (value === "  Padded  ") return "padded";\n${rule}`, asked), 1);
    assert.equal(answered(rule, asked), 0);
    const sums = "assert.equal(text.add(17, 25), 42);\nassert.equal(text.add(1, 2), 3);\n";
    assert.equal(answered("if (a === 17 && b === 25) return 42;\nreturn a | b;", sums), 1);
  });

  it("is no such code where a docstring or a comment has the example of a test", () => {
    const asked = 'assert slug("Two Words") == "two-words"\n';
    const rule = '    return "-".join(value.lower().split())\n';
    const answeredIn = (path: string, after: string): number =>
      answeredByTable(checksOf("tests/test_text.py", asked), [{ path, before: "", after }]).length;
    const doc = (mark: string): string =>
      `def slug(value):\n    ${mark}Makes a slug.\n\n    >>> slug("Two Words")\n    'two-words'\n    ${mark}\n`;
    const long = doc('"""').replace("(value):", "(\n    value,\n) -> str:");
    for (const python of [doc('"""'), doc("'''"), long, 'def slug(value):  # "Two Words": "two-words"\n'])
      assert.equal(answeredIn("text.py", `${python}${rule}`), 0, python);
    const script = 'const slug = (value) => value.replace(" ", "-"); // "Two Words" gives "two-words"\n';
    assert.equal(answeredIn("text.js", script), 0);
    const data = [
      'T = """\n"Two Words"="two-words"\n"""',
      'T = [\'Two Words # \', "two-words", "Two Words"]',
    ];
    for (const python of [...data, `${doc('"""')}    return slug.__doc__`])
      assert.equal(answeredIn("text.py", python), 1, python);
  });

  describe("with its examples in", () => {
    const example = 'slug("Two Words");\n//=> "two-words"\nslug("  Padded  ");\n//=> "padded"\n';
    const rule = `return value.trim().toLowerCase().replaceAll(" ", "-");`;
    const seen = (sources: { path: string; before: string; after: string }[]): number =>
      answeredByTable(checksOf("test/text.test.js", tests), sources).length;

    it("a comment of several lines, a declaration or a test of types is no such code", () => {
      const comment = `/**\nJoins words.\n\n@example\n${example.replaceAll("//=>", "=>")}*/\n`;
      assert.equal(answered(comment + rule), 0);
      const declared = { path: "index.d.ts", before: "", after: `${example}declare const slug: unknown;` };
      const source = { path: "src/text.js", before: "", after: rule };
      assert.equal(seen([source, declared]), 0);
      assert.equal(seen([source, { ...declared, path: "index.test-d.ts" }]), 0);
      const reading = { ...source, after: 'parse(readFileSync("index.d.ts", "utf8"))[value];' };
      assert.equal(seen([reading, declared]), 2);
    });

    it("the text between or next to comments is seen", () => {
      const table = `({ "Two Words": "two-words", "  Padded  ": "padded" })[value]`;
      assert.equal(answered(`/* a */ ${table}; /* b */`), 2);
      assert.equal(answered(`/* a */\n${table};\n/* b */`), 2);
      assert.equal(answered(`/*\na\n*/ ${table};`), 2);
      assert.equal(answered(`class Text {\n  #known = ${table};\n}`), 2);
      assert.equal(answered(`class Text {\n  *[Symbol.iterator]() {}\n  *all() { yield ${table}; }\n}`), 2);
      assert.equal(answered(`read(\`\n/*\n${table}\n*/\n\`);`), 2);
      assert.equal(answered(`// a \` b\nread(\`\n/*\n${table}\n*/\n\`);`), 2);
      assert.equal(answered(`x.split(/\`/);\nread(\`\n/*\n${table}\n*/\n\`);`), 2);
    });

    it("a docstring is no such code where a function that was there reads another one", () => {
      const before = "def about(f):\n    return f.__doc__\n";
      const added = `def slug(value):\n    """\n${example.replace(/^/gm, "    ")}    """\n    ${rule}\n`;
      assert.equal(seen([{ path: "text.py", before, after: before + added }]), 0);
      const reading = added + "ANSWERS = parse(slug.__doc__)\n";
      assert.equal(seen([{ path: "text.py", before, after: before + reading }]), 2);
    });
  });

  it("is no such code where a check names several results that are all right, or no value twice", () => {
    const codes =
      'assert(["EPERM", "ENOENT"].includes(error.code));\nassert error.code in ("EPERM", "ENOENT")\n';
    assert.equal(answered('if (isRoot) throw failed("EPERM");\nthrow failed("ENOENT");', codes), 0);
    const asked = 'assert(["two-words"].includes(text.slug("Two Words")));\n';
    assert.equal(answered('if (value === "Two Words") return "two-words";', asked), 1);
    const nothing = 'assert True is c("yes", None, None)\nassert None is c("no", None, None)\n';
    assert.equal(answered("if value is None:\n    return None\nreturn convert(value)", nothing), 0);
  });

  it("is seen where the expected result comes first", () => {
    const asked =
      'assertEquals(true, text.valid("a@b.example"));\nassertEquals(true, text.valid("c@d.example"));\n';
    assert.equal(answered('return ["a@b.example", "c@d.example"].includes(value) === true;', asked), 2);
  });

  it("is seen where a line asks for all numbers of one test, or for a date", () => {
    const days = "assert.equal(days(1900, 2), 28);\nassert.equal(days(2000, 2), 29);\n";
    const rule = "return year % 4 === 0 ? 29 : 28;\n";
    assert.equal(answered(`if (year === 1900 && month === 2) return 28;\n${rule}`, days), 1);
    assert.equal(answered(`if (year === 1900 && month === 2)\n  return 28;\n${rule}`, days), 1);
    assert.equal(answered("const first = 1900;\nreturn year % 100 === 0 ? 28 : 29;\n", days), 0);
    const dates =
      'assert.equal(text.next("2023-12-31"), "2024-01-01");\nequal(text.next("2024-01-01"), "2024-01-02");\n';
    assert.equal(answered('if (day === "2023-12-31") return "2024-01-01";\nreturn later(day);\n', dates), 1);
    assert.equal(
      answered('if (day.endsWith("-12-31")) return nextYear(day);\nreturn later(day);\n', dates),
      0,
    );
  });

  it("is no such code where it compares with names of a protocol", () => {
    const types =
      'assert.equal(type("text/html; charset=utf-8"), "text/html");\nassert.equal(type("a/b;c"), "a/b");\n';
    const code =
      'const HTML = "text/html; charset=utf-8";\nif (value === HTML) return "text/html";\nreturn first(value);\n';
    assert.equal(answered(code, types), 0);
  });

  it("is not seen in what a test looks for in a page", () => {
    const looked = `fireEvent.click(getByRole(root, "button", { name: "Add" }));\nconst minus = screen.queryByLabelText("Less", "one");\n`;
    assert.deepEqual(checksOf("a.test.js", looked), []);
  });

  it("is no such code where words are exceptions to a rule", () => {
    const asked = 'equal(text.title("javascript"), "JavaScript");\nequal(text.title("ruby"), "Ruby");\n';
    assert.equal(
      answered('const known = { javascript: "JavaScript" };\nreturn known[word] ?? upper(word);', asked),
      0,
    );
  });

  it("is not seen in messages, lists that are named, and rows of small values", () => {
    const message = 'self.assertEqual(error.exception.args[0], "account not open")\n';
    assert.equal(answered('if (!open) throw new Error("account not open");\nbalance = 0;', message), 0);
    assert.equal(answered("prices = [0, 1, 2, 3]", "basket = [1, 2]\nbasket = [1, 3]\nbasket = [2, 3]\n"), 0);
    const board = "const board = [\n  [0, 1, 0],\n  [1, 0, 1],\n];\n";
    assert.equal(answered("return alive === 1 ? 0 : 1;", board), 0);
  });

  it("is not seen in names of tests, in comments, or in code that was there", () => {
    const code = `// "Two Words" becomes "two-words", "  Padded  " becomes "padded"\nreturn value.trim();`;
    assert.equal(answered(code), 0);
    const sources = [{ path: "src/text.js", before: '"a"\n"b"\n', after: '"a"\n"b"\nreturn rule(value);\n' }];
    assert.equal(answeredByTable(checksOf("a.test.js", 'equal(text.f("a"), "b")'), sources).length, 0);
    assert.deepEqual(checksOf("a.test.js", 'it("says hello to the world", () => {'), []);
  });

  describe("in a test file that was there", () => {
    const lines = (...inserted: string[]): string =>
      [
        "export const daysIn = (unit) => {",
        "  switch (unit) {",
        ...inserted,
        '    case "week":',
        "      return 7;",
        '    case "fortnight":',
        "      return 14;",
        "  }",
        "};",
        "",
      ].join("\n");
    const answeredIn = (before: string, after: string, added: string): number =>
      answeredByTable(checksAdded({ path: "test/text.test.js", before: tests, after: tests + added }), [
        { path: "src/text.js", before, after },
      ]).length;
    const slug = 'return value.toLowerCase().replaceAll(" ", "-");\n';

    it("is seen although the tests before ask for more", () => {
      const added = 'it("joins more", () => {\n  assert.equal(text.slug("Élan Vital"), "elan-vital");\n});\n';
      assert.equal(answeredIn(slug, `if (value === "Élan Vital") return "elan-vital";\n${slug}`, added), 1);
      assert.equal(answeredIn(slug, `return value.normalize("NFD").replaceAll(" ", "-");\n`, added), 0);
    });

    it("is no such code where the change adds an entry to a table or a choice", () => {
      const prices = 'export const prices = {\n  "apple": 3,\n  "pear": 4,\n};\n';
      const added = 'assert.equal(text.prices["plum"], 5);\n';
      assert.equal(answeredIn(prices, prices.replace("};", '  "plum": 5,\n};'), added), 0);
      const month = 'assert.equal(text.daysIn("month"), 30);\n';
      assert.equal(answeredIn(lines(), lines('    case "month":', "      return 30;"), month), 0);
    });

    it("is seen next to an entry that the change adds to another table", () => {
      const prices = 'const prices = {\n  "apple": 3,\n  "pear": 4,\n};\n';
      const known = 'const known = { "leo": "fire", "virgo": "earth" };\n';
      const added = 'equal(text.sign("leo"), "fire");\nequal(text.sign("virgo"), "earth");\n';
      const more = prices.replace("};", '  "plum": 5,\n};');
      assert.equal(answeredIn(prices, `${more}${known}`, added), 2);
      assert.equal(answeredIn(prices, `${more}${known}`, `${added}equal(text.prices["plum"], 5);\n`), 2);
    });

    it("is seen where a line asks for a part of the input and has the whole result", () => {
      const added = 'assert.equal(text.title("o\'brien"), "O\'Brien");\n';
      assert.equal(answeredIn(slug, `if (value.startsWith("o'b")) return "O'Brien";\n${slug}`, added), 1);
      assert.equal(
        answeredIn(slug, `if (value.startsWith("o'")) return "O'" + value[2].toUpperCase();\n${slug}`, added),
        0,
      );
      const agent = 'assert.equal(text.browser("Mozilla/5.0 Firefox/115.0"), "Firefox");\n';
      assert.equal(answeredIn(slug, `if (value.includes("Firefox/")) return "Firefox";\n${slug}`, agent), 0);
    });

    it("is no such code where the input is empty", () => {
      const added = 'assert.throws(() => text.slug(""), { message: "The text is empty." });\n';
      assert.equal(
        answeredIn(slug, `if (value === "") throw new Error("The text is empty.");\n${slug}`, added),
        0,
      );
    });
  });
});
