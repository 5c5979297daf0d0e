import assert from "node:assert/strict";
import { testsInSource } from "../../../server/workspace/tests-in-source.ts";

const rust = `pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

#[cfg(test)]
mod tests {
    use super::*;

    // A brace in a comment: }
    fn text<'a>(quote: &'a str) -> (char, &'a str) { ('}', quote) }

    #[test]
    fn adds() {
        let sample = r#"
}
"#;
        assert_eq!(add(1, 2), 3, "{} {{", text(sample).1);
    }
}

pub fn twice(a: i32) -> i32 {
    add(a, a)
}
`;

const typescript = `export const add = (a: number, b: number) => a + b;

if (import.meta.vitest) {
  const { it, expect } = import.meta.vitest;
  it("adds", () => {
    expect(add(1, 2)).toBe(3);
  });
}

export const twice = (a: number) => add(a, a);
`;

describe("tests in a source", () => {
  const samples: [path: string, text: string, code: [string, string], test: [string, string]][] = [
    ["src/lib.rs", rust, ["add(a, a)", "2 * a"], ["assert_eq!(add(1, 2), 3", "assert_ne!(add(1, 2), 4"]],
    ["src/lib.ts", typescript, ["add(a, a)", "2 * a"], ["toBe(3)", "toBeTruthy()"]],
  ];
  for (const [path, text, code, test] of samples) {
    it(`stay the same when only the code around them changes: ${path}`, () => {
      const tests = testsInSource(path, text);
      assert.notEqual(tests, null);
      assert.equal(testsInSource(path, text.replace(...code)), tests);
      assert.equal(testsInSource(path, text.replaceAll("\n", "\r\n")), tests);
      assert.equal(testsInSource(path, `// New.\n${text}\nexport_more();\n`), tests);
    });

    it(`differ when one of them is weakened, added or removed: ${path}`, () => {
      const tests = testsInSource(path, text);
      assert.notEqual(testsInSource(path, text.replace(...test)), tests);
      assert.notEqual(testsInSource(path, `${text}\n${text}`), tests);
      assert.equal(testsInSource(path, text.split("\n").slice(0, 2).join("\n")), null);
    });
  }

  const rustItems: [what: string, text: string, isTest: boolean][] = [
    ["a test function", "#[test]\nfn adds() {}\n", true],
    ["an asynchronous test", "#[tokio::test]\nasync fn adds() {}\n", true],
    ["several conditions", '#[cfg(all(test, feature = "net"))]\nmod tests { }\n', true],
    ["an import for tests", "#[cfg(test)]\nuse std::fs;\n", true],
    [
      "a test with other attributes before",
      "#[should_panic]\n/// Of odd ones.\n#[ test ]\nfn adds() {}\n",
      true,
    ],
    ["an attribute over several lines", "#[cfg(\nall(any(unix, windows), test)\n)]\nmod tests { }\n", true],
    ["a helper that returns an array", "#[cfg(test)]\nfn three() -> [u8; 3] {\n[1, 2, 3]\n}\n", true],
    ["code for tests and for others", "#[cfg(any(test, unix))]\nfn main() {}\n", false],
    ["code for everything but tests on a system", "#[cfg(all(unix, not(test)))]\nfn main() {}\n", false],
    ["a test in a comment", "/* /* */\n#[test]\nfn adds() {}\n*/\n", false],
    ["a test in a text", 'const HELP: &str = "\n#[test]\nfn adds() {}\n";\n', false],
    ["code for everything but tests", "#[cfg(not(test))]\nfn main() {}\n", false],
    ["a feature that is named after tests", '#[cfg(feature = "test")]\nfn main() {}\n', false],
    ["a type that derives", "#[derive(Debug)]\nstruct Test { }\n", false],
  ];
  for (const [what, text, isTest] of rustItems)
    it(`${isTest ? "include" : "do not include"} ${what}`, () => {
      assert.equal(testsInSource("src/lib.rs", `${text}fn code() {}\n`), isTest ? text.trim() : null);
    });

  it("end before the item that follows them", () => {
    const text = "#[cfg(test)]\nmod tests;\npub fn code() {}\n";
    assert.equal(testsInSource("src/lib.rs", text), "#[cfg(test)]\nmod tests;");
  });

  it("end with the field that they are", () => {
    const text = "struct Cart {\n    #[cfg(test)]\n    reads: usize,\n    items: Vec<u8>,\n}\n";
    assert.equal(testsInSource("src/lib.rs", text), "#[cfg(test)]\nreads: usize,");
    const last = "struct Cart {\n    #[cfg(test)]\n    reads: usize\n}\nfn code() {}\n";
    assert.equal(testsInSource("src/lib.rs", last), "#[cfg(test)]\nreads: usize");
  });

  const ways: [how: string, path: string, turnOff: (text: string) => string][] = [
    ["an attribute", "src/lib.rs", (text) => text.replace("#[cfg(test)]", "#[cfg(any())]\n#[cfg(test)]")],
    ["a condition of the file", "src/lib.rs", (text) => `#![cfg(not(test))]\n${text}`],
    ["a comment", "src/lib.rs", (text) => text.replace("#[cfg(test)]", "/* /* */\n#[cfg(test)]") + "*/"],
    ["a comment", "src/lib.ts", (text) => text.replace("if (", "/*\nif (") + "*/"],
  ];
  for (const [how, path, turnOff] of ways)
    it(`differ when ${how} turns them off: ${path}`, () => {
      const text = path.endsWith(".rs") ? rust : typescript;
      assert.notEqual(testsInSource(path, turnOff(text)), testsInSource(path, text));
    });

  it("are none where a comment or a configuration names vitest's variable", () => {
    const texts = [
      "// See import.meta.vitest\nexport const a = () => {\n  return 1;\n};\n",
      'export default {\n  define: {\n    "import.meta.vitest": "undefined",\n  },\n};\n',
    ];
    for (const text of texts) assert.equal(testsInSource("src/a.ts", text), null);
  });

  it("do not exist in other files", () => {
    assert.equal(testsInSource("notes.md", rust), null);
    assert.equal(testsInSource("src/plain.ts", "export {};"), null);
  });
});
