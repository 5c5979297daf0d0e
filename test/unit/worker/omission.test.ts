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
});
