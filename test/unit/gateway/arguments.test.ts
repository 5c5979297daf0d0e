import assert from "node:assert/strict";
import { readArguments } from "../../../server/gateway/providers/parts.ts";

describe("the arguments of a call as a model wrote them", () => {
  for (const [raw, read] of [
    ['{"path": "a.ts",}', { path: "a.ts" }],
    ['{"lines": [1, 2, ], }', { lines: [1, 2] }],
    ['{"text": "a ,} \\" ,] b",\n}', { text: 'a ,} " ,] b' }],
    ['"{\\"path\\": \\"a.ts\\",}"', { path: "a.ts" }],
    ["", {}],
    ["null", {}],
  ] as const)
    it(`are read: ${raw}`, () => {
      assert.deepEqual(readArguments(raw), { arguments: read, invalid: null });
    });

  for (const raw of ['{"path": "a.ts', '{"path": "a', '{"a": ,}', "[1,]", '{"path": "a.ts"} and more'])
    it(`are no guess: ${raw}`, () => {
      assert.notEqual(readArguments(raw).invalid, null);
    });

  it("are no guess in a long text that is cut, whose every quote is escaped", () => {
    assert.notEqual(readArguments(`{"text": "${'\\"'.repeat(300_000)}`).invalid, null);
  });
});
