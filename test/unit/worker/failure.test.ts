import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { runInThisContext } from "node:vm";
import { z } from "zod";
import { failureScript } from "../../../server/worker/witness/failure.ts";

const failureOf = z
  .custom<(error: unknown) => string>((value) => typeof value === "function")
  .parse(runInThisContext(failureScript));

const errorNamed = (name: string): Error => Object.assign(new Error("told"), { name });

describe("why a test failed", () => {
  it("is an assertion by the name that libraries give to their errors", () => {
    for (const name of ["AssertionError", "AssertError", "ExpectationError", "TestingLibraryElementError"])
      assert.equal(failureOf(errorNamed(name)), "assertion", name);
    for (const name of ["Error", "RangeError", "NotFoundError"])
      assert.equal(failureOf(errorNamed(name)), "error", name);
  });

  it("is an assertion if an expectation of a promise got none", async () => {
    const thrown = await assert
      .rejects(z.custom<Promise<unknown>>().parse("no promise"))
      .catch((error: unknown) => error);
    assert.equal(failureOf(thrown), "assertion");
    const told = "You must provide a Promise to expect() when using .resolves, not 'string'.";
    assert.equal(failureOf(new TypeError(told)), "assertion");
    assert.equal(failureOf(new TypeError("Another argument is needed")), "error");
  });

  it("is a missing name, however the imports were compiled", () => {
    for (const message of [
      "total is not a function",
      "(0 , total) is not a function",
      "(0 , _cart.total) is not a function",
      "(0 , cart_1.Cart) is not a constructor",
      "total is not defined",
    ])
      assert.equal(failureOf(new TypeError(message)), "missing", message);
    for (const message of ["the total is not a function", "(0 , total) is not iterable"])
      assert.equal(failureOf(new TypeError(message)), "error", message);
  });

  it("is an assertion if supertest expected another answer", () => {
    const stack = [
      'Error: expected 200 "OK", got 404 "Not Found"',
      "    at Context.<anonymous> (/work/test/app.test.js:9:6)",
      "----",
    ];
    const inside = "    at Test._assertStatus (/work/node_modules/supertest/lib/test.js:252:14)";
    const outside = "    at Test._assertStatus (/work/src/supertest.js:252:14)";
    const thrown = (frame: string): Error =>
      Object.assign(new Error("expected"), { stack: [...stack, frame].join("\n") });
    assert.equal(failureOf(thrown(inside)), "assertion");
    assert.equal(failureOf(thrown(outside)), "error");
    for (const caller of ["_assertFunction", "assert"])
      assert.equal(
        failureOf(thrown(`    at Test.${caller} (/work/node_modules/supertest/lib/test.js:198:8)`)),
        "error",
        `the test's own function, called by ${caller}`,
      );
  });
});
