import type { TestFailure } from "../../../schemas/tests.ts";

/** Errors of Ruby's assertion libraries, and errors of a test's time limit. */
const rubyAssertion = /^(RSpec::(Expectations|Mocks)::|Minitest::Assertion|Test::Unit::|Timeout::)/;
const rubyMissing = /^(undefined (local variable or )?method|uninitialized constant)\b/;

/** Why a Ruby test failed, from the class and the message of its error. */
export const rubyFailure = (errorClass: string, message: string): TestFailure | undefined => {
  if (rubyAssertion.test(errorClass)) return "assertion";
  // It contains several errors, and any of them can be a failed assertion.
  if (errorClass === "RSpec::Core::MultipleExceptionError") return undefined;
  // A method that `nil` lacks is an error in existing code, not a name that is still to be written.
  const isMissing = /^(NameError|NoMethodError)$/.test(errorClass) && rubyMissing.test(message.trimStart());
  return isMissing && !/ for nil\b/.test(message) ? "missing" : "error";
};

/** Why a PHPUnit test failed, from the type of its failure in the report. */
export const phpFailure = (type: string, message: string): TestFailure => {
  if (/(^|\\)(AssertionFailedError|ExpectationFailedException|MockObject\\.+|AssertionError)$/.test(type))
    return "assertion";
  const isMissing =
    /\bCall to undefined (function|method)\b|\b(Class|Interface|Trait|Enum) "?[^"\n]{1,300}"? not found\b|\bUndefined constant\b/;
  return isMissing.test(message) ? "missing" : "error";
};

/** Errors of the JVM's assertion libraries, by the name of their class. */
const jvmAssertion =
  /(?:^|[.$])(?:\w*Assert\w*(?:Error|Exception|Facts)|\w*Comparison\w*(?:Failure|Exception|Facts)|TestFailed\w*Exception|FailException|VerificationException|ConditionTimeoutException)$|^org\.(?:mockito\.exceptions\.verification|spockframework\.(?:runtime|mock))\./;
/** Errors of a test's time limit, and of an expected error that did not come. */
const jvmLimit =
  /(?:^|[.$])(?:TestTimedOut|ThreadTimeout|TestTimeout)Exception$|^org\.testng\.TestException$/;
const jvmMissing =
  /^(?:java\.lang\.(?:NoSuch(?:Method|Field)(?:Error|Exception)|ClassNotFoundException|NoClassDefFoundError)|groovy\.lang\.Missing\w+)$/;

/**
 * Why a test on the JVM failed, from the class of its error and from its message with the stack.
 *
 * @param isAssertionError the report calls it no error. Surefire does so for each `AssertionError`, but for
 *   everything that a test of TestNG throws.
 */
export const jvmFailure = (
  type: string,
  message: string,
  isAssertionError = false,
): TestFailure | undefined => {
  // It contains several errors, and any of them can be a failed assertion.
  if (/\.Multiple\w*(?:Error|Exception)$/.test(type)) return undefined;
  // A condition of Spock that could not be evaluated.
  if (type.endsWith(".ConditionFailedWithExceptionError")) {
    const [, cause, told = ""] = /^\s*Caused by: ([\w.$]+)(.*)/m.exec(message) ?? [];
    return cause === undefined ? undefined : jvmFailure(cause, told);
  }
  if (jvmAssertion.test(type) || jvmLimit.test(type)) return "assertion";
  if (type.endsWith(".TimeoutException") && message.includes("timed out after")) return "assertion";
  if (jvmMissing.test(type)) return message.includes("Could not initialize class") ? "error" : "missing";
  if (/^(?:java|kotlin|groovy|scala)\.|Exception$/.test(type)) return "error";
  // Libraries derive the classes of their assertions from `Error`, under any name.
  return isAssertionError ? "assertion" : undefined;
};

/**
 * The class of the error in a message of xUnit, NUnit or MSTest. They write none for a failed assertion of
 * their own.
 */
const netError =
  /(?:^|threw exception[:.]\s{0,9})(?:(?:SetUp|TearDown|OneTimeSetUp|OneTimeTearDown) : )?((?:\w+[.+])*\w*Exception) ?: /;
const netAssertion =
  /^Xunit\.Sdk\.|(?:^|[.+])(?:\w*Assert\w*|Mock|ReceivedCalls|CallSequenceNotFound|Verify\w*|Expectation)Exception$/;
const netMissing = /(?:^|\.)(?:Missing(?:Method|Member|Field)|TypeLoad|RuntimeBinder)Exception$/;

/** Why a .NET test failed, from the message in the report. */
export const netFailure = (message: string): TestFailure | undefined => {
  const type = netError.exec(message.trimStart())?.[1];
  if (type === undefined || netAssertion.test(type)) return "assertion";
  if (type === "System.AggregateException") return undefined;
  return netMissing.test(type) ? "missing" : "error";
};
