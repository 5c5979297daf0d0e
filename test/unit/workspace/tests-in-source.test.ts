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
    ["code for everything but tests", "#[cfg(not(test))]\nfn main() {}\n", false],
    ["a feature that is named after tests", '#[cfg(feature = "test")]\nfn main() {}\n', false],
    ["a type that derives", "#[derive(Debug)]\nstruct Test { }\n", false],
  ];
  for (const [what, text, isTest] of rustItems)
    it(`are told from ${what}`, () => {
      assert.equal(testsInSource("src/lib.rs", `${text}fn code() {}\n`), isTest ? text.trim() : null);
    });

  it("end before the item that follows them", () => {
    const text = "#[cfg(test)]\nmod tests;\npub fn code() {}\n";
    assert.equal(testsInSource("src/lib.rs", text), "#[cfg(test)]\nmod tests;");
  });

  it("are none in other files", () => {
    assert.equal(testsInSource("notes.md", rust), null);
    assert.equal(testsInSource("src/plain.ts", "export {};"), null);
  });
});
