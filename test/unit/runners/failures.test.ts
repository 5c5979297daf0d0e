import assert from "node:assert/strict";
import { jvmFailure, netFailure, phpFailure, rubyFailure } from "../../../server/worker/runners/failures.ts";

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
});
