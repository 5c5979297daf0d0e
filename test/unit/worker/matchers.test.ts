import assert from "node:assert/strict";
import { runInThisContext } from "node:vm";
import { z } from "zod";
import { matchersScript } from "../../../server/worker/witness/matchers.ts";

type Matcher = (...values: unknown[]) => unknown;
const Refusing = z.custom<
  (matchers: Record<string, unknown>, refuse: () => never) => Record<string, Matcher>
>((value) => typeof value === "function");

/** Whether a matcher refuses in a run that refuses assertions, in a test that calls it with 1 and 2. */
const refuses = async (matcher: unknown, state = { isNot: false }): Promise<boolean> => {
  const refusing = Refusing.parse(runInThisContext(matchersScript));
  const { toFit } = refusing({ toFit: matcher }, () => {
    throw new assert.AssertionError({ message: "refused" });
  });
  assert.ok(toFit);
  try {
    await toFit.call(state, 1, 2);
    return false;
  } catch (error) {
    assert.ok(error instanceof assert.AssertionError, String(error));
    return true;
  }
};

describe("a matcher of the project, where assertions are refused", () => {
  it("refuses if some value does not pass", async () => {
    assert.equal(await refuses((value: number, wanted: number) => ({ pass: value < wanted + 1e-6 })), true);
  });

  it("refuses if it needs a part of its value", async () => {
    const matcher = (value: { errors: unknown[] }) => ({ pass: value.errors.length === 0 });
    assert.equal(await refuses(matcher), true);
  });

  it("refuses if it asserts", async () => {
    const matcher = (value: unknown) => {
      assert.equal(value, 3);
      return { pass: true };
    };
    assert.equal(await refuses(matcher), true);
  });

  it("refuses if its promise does not pass", async () => {
    assert.equal(await refuses((value: unknown) => Promise.resolve({ pass: value === 3 })), true);
    assert.equal(await refuses(() => Promise.resolve({ pass: true })), false);
  });

  it("does not refuse if it passes with every value", async () => {
    assert.equal(await refuses(() => ({ pass: true })), false);
    assert.equal(await refuses(() => ({ pass: false }), { isNot: true }), false);
    assert.equal(await refuses((value: object) => ({ pass: "toString" in Object(value) })), false);
  });

  it("ends with a loop over what its value is part of", async () => {
    interface Part {
      parent?: Part;
    }
    const matcher = (value: Part | undefined) => {
      let at = value;
      while (at?.parent !== undefined) at = at.parent;
      return { pass: true };
    };
    assert.equal(await refuses(matcher), false);
  });
});
