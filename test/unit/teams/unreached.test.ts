import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { withErrors } from "../../../server/teams/gates/unreached.ts";

const bodyOf = (text: string): string =>
  withErrors("a.test.js", text).split("\nfunction coditectReached")[0] ?? "";

describe("assertions as errors", () => {
  it("makes an error of each assertion about a value", () => {
    assert.equal(
      bodyOf("expect(a).toBe(1);\nassert.equal(a, 1);\nassert(a);"),
      "coditectReached(a).toBe(1);\ncoditectReached.equal(a, 1);\ncoditectReached(a);",
    );
    const python = withErrors("test_a.py", "for a in b:\n    assert a == 1\n    self.assertEqual(a, 1)\n");
    assert.equal(
      python,
      'for a in b:\n    raise RuntimeError("It was reached."); assert a == 1\n    self.coditectReachedEqual(a, 1)\n',
    );
  });

  it("leaves out what only says that something must not happen", () => {
    for (const text of [
      "assert.fail();",
      "expect.fail();",
      "assert.ifError(error);",
      "assert.ok(false);",
      "expect(true).toBe(false);",
      "assert(false, 'no');",
    ])
      assert.equal(bodyOf(text), text);
    for (const text of ["assert False, 'no'\n", "self.fail()\n"])
      assert.equal(withErrors("test_a.py", text), text);
  });

  it("leaves out texts and comments", () => {
    const text = '// expect(a)\nconst a = "assert(b)";';
    assert.equal(bodyOf(text), text);
  });
});
