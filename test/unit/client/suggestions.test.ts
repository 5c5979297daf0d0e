import assert from "node:assert/strict";
import { docstringNear, todoIn, withTask } from "../../../client/commands/suggestions.ts";

const python = `
GREETING = """
Dear guest,
"""

def total(items):
    """What all items cost together."""
    return sum(items)


def split(cents, people):
    '''
    What each of the people pays.

    Whole cents.
    '''
    return cents / people
`;
const lineOf = (text: string, part: string): number =>
  text.split("\n").findIndex((line) => line.includes(part));

describe("the task that an editor suggests", () => {
  for (const [part, expected] of [
    ["def total", "What all items cost together."],
    ["return sum", "What all items cost together."],
    ["def split", "What each of the people pays."],
    ["return cents", "What each of the people pays."],
    ["GREETING", ""],
  ] as const)
    it(`is the docstring of Python at "${part}"`, () => {
      assert.equal(docstringNear(python, lineOf(python, part)), expected);
    });

  it("is the doc comment above, not one of another function or of a glob", () => {
    const text = [
      ...["/** Adds. */", "const add = 1;", "", "/**", " * Splits the bill", " * in cents.", " *"],
      ...[" * @param cents", " */", 'const split = "src/**/*.js";', "const end = 2; /* done */"],
    ].join("\n");
    assert.equal(docstringNear(text, lineOf(text, "const split")), "Splits the bill in cents.");
    assert.equal(docstringNear(text, lineOf(text, "const add")), "Adds.");
  });

  it("is nothing far from a docstring", () => {
    assert.equal(docstringNear(`/** Adds. */\n${"x\n".repeat(40)}`, 30), "");
  });

  it("is what a TODO asks for, in comments of any language", () => {
    assert.equal(todoIn("  # TODO: round the cents"), "round the cents");
    assert.equal(todoIn("/* FIXME(ada) refuse nobody */"), "refuse nobody");
    assert.equal(todoIn("todos = []"), "");
  });
});

describe("the earlier tasks", () => {
  it("are the last ten, newest first, each once", () => {
    const tasks = Array.from({ length: 12 }, (_, index) => `task ${index}`);
    const known = tasks.reduce(withTask, []);
    assert.deepEqual(known, tasks.toReversed().slice(0, 10));
    const again = withTask(known, "task 5");
    assert.deepEqual(again.slice(0, 3), ["task 5", "task 11", "task 10"]);
    assert.equal(again.length, 10);
  });

  it("have none without words", () => {
    assert.deepEqual(withTask(["task"], " \n"), ["task"]);
  });
});
