import assert from "node:assert/strict";
import { isTextOfError } from "../../../server/teams/gates/error-text.ts";

/** Whether the line that gives a text to the class above gives the text of an error. */
const givesTextIn = (head: string): boolean =>
  isTextOfError(
    ["class Other extends Error {}", `${head} {`, "  constructor() {", '    super("none is left");'],
    3,
  );

describe("a text that a class gives to the class above", () => {
  it("is that of an error if one of the classes is an error", () => {
    for (const head of ["class Empty extends Error", "export class EmptyError extends Problem"])
      assert.equal(givesTextIn(head), true, head);
    assert.equal(givesTextIn("class Dog extends Animal"), false);
  });
});
