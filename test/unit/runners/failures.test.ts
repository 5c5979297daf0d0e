import assert from "node:assert/strict";
import {
  goFailure,
  javaScriptFailure,
  jvmFailure,
  netFailure,
  phpFailure,
  rubyFailure,
  rustFailure,
} from "../../../server/worker/runners/failures.ts";

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

  const jvm: [kind: string | undefined, type: string, message?: string][] = [
    ["assertion", "org.opentest4j.AssertionFailedError"],
    ["assertion", "java.lang.AssertionError"],
    ["assertion", "org.junit.ComparisonFailure"],
    ["assertion", "org.mockito.exceptions.verification.WantedButNotInvoked"],
    ["assertion", "org.spockframework.runtime.ConditionNotSatisfiedError"],
    ["assertion", "org.spockframework.mock.TooFewInvocationsError"],
    ["assertion", "com.google.common.truth.ComparisonFailureWithFacts"],
    ["assertion", "io.kotest.assertions.MultiAssertionError"],
    ["assertion", "org.awaitility.core.ConditionTimeoutException"],
    ["assertion", "org.scalatest.exceptions.TestFailedException"],
    ["assertion", "org.testng.TestException", "Method CartTest.adds() should have thrown an exception"],
    ["assertion", "org.junit.runners.model.TestTimedOutException"],
    ["assertion", "java.util.concurrent.TimeoutException", "slow() timed out after 50 milliseconds"],
    ["missing", "java.lang.NoSuchMethodException", "shop.Cart.total()"],
    ["missing", "java.lang.ClassNotFoundException", "shop.Tax"],
    ["missing", "groovy.lang.MissingMethodException", "No signature of method: shop.Cart.total()"],
    ["error", "java.lang.NoClassDefFoundError", "Could not initialize class shop.Cart"],
    ["error", "java.lang.NullPointerException"],
    ["error", "org.mockito.exceptions.misusing.UnfinishedStubbingException"],
    ["error", "java.util.concurrent.TimeoutException", "no answer"],
    ["error", "groovy.lang.GroovyRuntimeException"],
    [undefined, "org.opentest4j.MultipleFailuresError", "Multiple Failures (2 failures)"],
    [undefined, "org.example.UnlikeError"],
    [
      "missing",
      "org.spockframework.runtime.ConditionFailedWithExceptionError",
      "Condition failed with Exception:\n\ncart.total() == 3\n\nCaused by: groovy.lang.MissingMethodException: No signature of method",
    ],
    [
      "error",
      "org.spockframework.runtime.ConditionFailedWithExceptionError",
      "Condition failed with Exception:\n\nCaused by: java.lang.NullPointerException: null",
    ],
  ];
  for (const [kind, type, message = ""] of jvm)
    it(`${kind ?? "unknown"} (JVM): ${type}: ${message.split("\n")[0] ?? ""}`, () => {
      assert.equal(jvmFailure(type, message), kind);
    });

  it("is an error (TestNG), although Surefire calls each exception of its tests a failure", () => {
    assert.equal(jvmFailure("java.lang.NullPointerException", "", true), "error");
    assert.equal(jvmFailure("shop.NoPriceException", "", true), "error");
    assert.equal(jvmFailure("java.lang.NoSuchMethodError", "shop.Cart.total()", true), "missing");
    assert.equal(jvmFailure("java.lang.AssertionError", "expected [3] but found [1]", true), "assertion");
    assert.equal(
      jvmFailure("com.github.tomakehurst.wiremock.client.VerificationException", "", true),
      "assertion",
    );
  });

  const net: [kind: string | undefined, message: string][] = [
    ["assertion", "Assert.Equal() Failure: Values differ\nExpected: 3\nActual:   1"],
    ["assertion", "  Assert.That(Cart.Add(1, 2), Is.EqualTo(3))\n  Expected: 3\n  But was:  1\n"],
    ["assertion", "Assert.AreEqual failed. Expected:<3>. Actual:<1>. "],
    ["assertion", "Shouldly.ShouldAssertException : sum\n    should be\n3"],
    ["assertion", "Moq.MockException : \nExpected invocation on the mock once, but was 0 times"],
    ["assertion", "Test method Shop.CartTests.Adds threw exception: \nShouldly.ShouldAssertException: no"],
    ["missing", "System.MissingMethodException : Method 'Shop.Cart.Total' not found."],
    ["missing", "Microsoft.CSharp.RuntimeBinder.RuntimeBinderException : 'Cart' has no 'Total'"],
    ["error", "System.InvalidOperationException : no prices"],
    ["error", "SetUp : System.NullReferenceException : Object reference not set"],
    ["error", "Test method Shop.CartTests.Adds threw exception: \nSystem.ArgumentException: no"],
    [
      "error",
      "Initialization method Shop.CartTests.Open threw exception. System.IO.IOException: no database.",
    ],
    [undefined, "System.AggregateException : One or more errors occurred. (no)"],
  ];
  for (const [kind, message] of net)
    it(`${kind ?? "unknown"} (.NET): ${message.trim().split("\n").join(" ")}`, () => {
      assert.equal(netFailure(message), kind);
    });

  const go: [kind: string, output: string][] = [
    [
      "assertion",
      "=== RUN   TestAdd\n    cart_test.go:17: panic: not one\n         got 3\n--- FAIL: TestAdd (0.00s)\n",
    ],
    [
      "error",
      "=== RUN   TestAdd\npanic: no price [recovered]\n\tpanic: no price\n\ngoroutine 4 [running]:\n",
    ],
    ["error", "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\n"],
    ["assertion", "panic: test timed out after 1s\n\ngoroutine 6 [running]:\n"],
  ];
  for (const [kind, output] of go)
    it(`${kind} (Go): ${output.split("\n").slice(0, 2).join(" ")}`, () => {
      assert.equal(goFailure(output), kind);
    });

  const rust: [kind: string | undefined, output: string][] = [
    [
      "assertion",
      "thread 'adds' (26600) panicked at tests/a.rs:3:26:\nassertion `left == right` failed\n  left: 1",
    ],
    [
      "assertion",
      "thread 'adds' panicked at 'assertion failed: `(left == right)`\n  left: `1`', tests/a.rs:3:5\nnote: run",
    ],
    [
      "error",
      "thread 'adds' panicked at src/lib.rs:1:33:\nindex out of bounds: the len is 1 but the index is 1",
    ],
    ["error", "thread 'adds' panicked at 'attempt to add with overflow', tests/a.rs:11:65"],
    [
      undefined,
      "thread 'adds' panicked at tests/a.rs:7:32:\ncalled `Result::unwrap()` on an `Err` value: \"no\"",
    ],
    [undefined, "note: test did not panic as expected at tests/a.rs:15:28"],
    [undefined, 'Error: "told"'],
  ];
  for (const [kind, output] of rust)
    it(`${kind ?? "unknown"} (Rust): ${output.split("\n").slice(0, 2).join(" ")}`, () => {
      assert.equal(rustFailure(output), kind);
    });

  const javaScript: [kind: string | undefined, message: string][] = [
    ["error", "TypeError: Cannot read properties of undefined (reading 'z')\n    at boom (m.js:1:54)"],
    ["missing", "Uncaught ReferenceError: absent is not defined\n    at a.test.mjs:4:31"],
    [
      "missing",
      "name: AssertionError\n    details:\n      'Error thrown in test:': |-\n        TypeError {\n          message: 'cart.total is not a function',\n        }",
    ],
    ["error", "not ok - no\nstack: |\n  Test (a.js:3:48)\ntype: TypeError\ntapCaught: testFunctionThrow"],
    [undefined, "not ok - TypeError: not one\nstack: |\n  Test (a.js:6:36)\ntapCaught: testFunctionThrow"],
    [undefined, "Error: TypeError: not one\n    at a.test.js:6:30"],
    [undefined, "Expected 1 to be 2.\n\nTypeError: no\n    at a.spec.js:2:37"],
  ];
  for (const [kind, message] of javaScript)
    it(`${kind ?? "unknown"} (JavaScript): ${message.split("\n").slice(0, 4).join(" ")}`, () => {
      assert.equal(javaScriptFailure(message), kind);
    });
});
