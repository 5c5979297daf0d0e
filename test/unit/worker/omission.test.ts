import assert from "node:assert/strict";
import { isPlaceholder, placeholderIn } from "../../../server/worker/tools/omission.ts";

const placeholders = [
  "// ... rest of the code remains unchanged ...",
  "    // ... existing code ...",
  "# ... rest of the function ...",
  "/* ... unchanged ... */",
  "{/* ... existing JSX ... same as before */}",
  "<!-- ... rest of the page ... -->",
  "... rest of the code",
  "… remaining methods …",
  "// …",
  "  # ...",
  "// rest of the code remains the same",
  "// (rest of the file unchanged)",
  "# Rest of the class stays the same.",
  "// existing methods here",
  "# previous implementation unchanged",
  "// The remaining tests are omitted for brevity",
  "[rest of the file unchanged]",
  "// same as before",
  "-- ... other columns as before",
  "// Keep the existing imports",
  " * ... other functions unchanged",
  "// code omitted for clarity",
  "# (existing code)",
  "// (unchanged)",
  "def keep(): ...  # unchanged",
  "    pass  # existing implementation",
  "    ...  # same as before",
  "keep() { /* unchanged */ }",
  "const keep = () => { /* ... */ };",
];
const code = [
  "...",
  "    ...",
  "  ...rest,",
  "const { a, ...rest } = options;",
  "[...existing, next]",
  "// Waits for the rest of the buffer.",
  "// The same user may log in twice.",
  "# Keep in step with the parser",
  "// 3 ... 5",
  'console.log("Loading ...");',
  "#include <stdio.h>",
  "// Returns the remaining seconds, never below zero.",
  "# e.g. a, b, c ...",
  "// see below",
  "<div>...</div>",
  "// TODO: handle other encodings",
  "* Other names are left alone",
  "// existing users keep their role",
  "% of all",
  "# (see the other module)",
  "def area(self) -> float: ...",
  "    pass  # nothing to do",
  "load() { /* no cache here */ }",
  "promise.catch(() => { /* reported already */ });",
];

describe("lines that stand for code", () => {
  for (const line of placeholders)
    it(`are known: ${line.trim()}`, () => {
      assert.ok(isPlaceholder(line));
    });
  for (const line of code)
    it(`are not: ${line.trim()}`, () => {
      assert.ok(!isPlaceholder(line));
    });

  it("may stay where the file has them already", () => {
    const text = "a();\n// ... rest of the code\n";
    assert.deepEqual(placeholderIn(text, "b();\n"), { line: "// ... rest of the code", number: 2 });
    assert.equal(placeholderIn(text, "  // ... rest of the code\n"), null);
  });

  it("are found where a function of Python loses its body", () => {
    const before = "def keep(a):\n    return a\n";
    for (const stub of ["def keep(a): ...", "def keep(a):\n    ..."])
      assert.deepEqual(placeholderIn(`x = 1\n\n${stub}\n`, before), {
        line: stub.split("\n")[0],
        number: 3,
      });
  });

  it("are not what declares a function of Python that has its body elsewhere, or never had one", () => {
    const overload = "@overload\ndef keep(a: int) -> int: ...\ndef keep(a):\n    return a\n";
    assert.equal(placeholderIn(overload, "def keep(a):\n    return a\n"), null);
    assert.equal(placeholderIn("def fresh(a): ...\n", "def keep(a):\n    return a\n"), null);
    assert.equal(placeholderIn("def keep(a, b): ...\n", "def keep(a): ...\n"), null);
  });
});
