import assert from "node:assert/strict";
import { phpFailure, rubyFailure } from "../../../server/worker/runners/failures.ts";

describe("why a test failed", () => {
  const ruby: [kind: string | undefined, errorClass: string, message: string][] = [
    ["assertion", "RSpec::Expectations::ExpectationNotMetError", "\nexpected: 2\n     got: 1"],
    ["assertion", "RSpec::Expectations::MultipleExpectationsNotMetError", "Got 2 failures"],
    ["assertion", "RSpec::Mocks::MockExpectationError", "expected: 1 time with any arguments"],
    ["assertion", "Minitest::Assertion", "Expected: 2"],
    ["assertion", "Timeout::Error", "execution expired"],
    ["missing", "NoMethodError", "undefined method `total' for #<Cart:0x1>"],
    ["missing", "NameError", "uninitialized constant Cart"],
    ["error", "NoMethodError", "undefined method `total' for nil:NilClass"],
    ["error", "NoMethodError", "undefined method 'total' for nil"],
    ["error", "RuntimeError", "boom"],
    ["error", "RSpec::Core::Pending::PendingExampleFixedError", "Expected example to fail"],
    [undefined, "RSpec::Core::MultipleExceptionError", "Got 1 failure and 1 other error"],
  ];
  for (const [kind, errorClass, message] of ruby)
    it(`${kind ?? "unknown"} (Ruby): ${errorClass}: ${message.trim().split("\n")[0] ?? ""}`, () => {
      assert.equal(rubyFailure(errorClass, message), kind);
    });

  const php: [kind: string, type: string, message: string][] = [
    ["assertion", "PHPUnit\\Framework\\ExpectationFailedException", "Failed asserting that 1 is 2."],
    ["assertion", "PHPUnit\\Framework\\AssertionFailedError", "no"],
    ["assertion", "PHPUnit\\Framework\\MockObject\\Exception", "never called"],
    ["missing", "Error", "Error: Call to undefined function total()"],
    ["missing", "Error", 'Error: Class "Cart" not found'],
    ["error", "RuntimeException", "RuntimeException: boom"],
    ["error", "TypeError", "TypeError: Argument 1 must be int"],
  ];
  for (const [kind, type, message] of php)
    it(`${kind} (PHPUnit): ${message}`, () => {
      assert.equal(phpFailure(type, message), kind);
    });
});
