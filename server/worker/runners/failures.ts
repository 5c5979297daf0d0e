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

/** Whether a Go program ended because of an error. What a test reports is indented, or has no stack. */
export const isPanic = (output: string): boolean => {
  const start = output.search(/^(?:panic|fatal error): /m);
  return start >= 0 && /^goroutine \d+ \[/m.test(output.slice(start));
};

/** Why a Go test failed, from its output: by what it reported itself, by its time limit, or by a panic. */
export const goFailure = (output: string): TestFailure =>
  !isPanic(output) || /^panic: test timed out after /m.test(output) ? "assertion" : "error";

/** What Rust itself says when a program breaks its rules. Everything else is written in a test or in the code. */
const rustRule =
  /^(?:index out of bounds|attempt to |(?:range|slice) (?:start |end )?index |slice index |byte index |(?:start|end) byte index |begin <= end|(?:RefCell )?already (?:mutably )?borrowed|capacity overflow|(?:source|destination) (?:slice|and) |no entry found for key|chunk size must be)/;

/** The text of a panic, in the format since Rust 1.73 or in the earlier one. */
const rustPanic =
  /^thread '[^\n]{0,1000}' (?:\(\d+\) )?panicked at (?:'([^]{0,2000}?)', \S+:\d+:\d+$|[^\n]{1,1000}:\d+:\d+:\n([^\n]*))/m;

/**
 * Why a Rust test failed, from its output. Assertions, `unwrap`, `expect` and `panic!` are all panics, and tests use each
 * of them to check a result. Undefined if it is none of Rust's own errors.
 */
export const rustFailure = (output: string): TestFailure | undefined => {
  const [, earlier, text = earlier ?? ""] = rustPanic.exec(output) ?? [];
  if (text.startsWith("assertion ")) return "assertion";
  return rustRule.test(text) ? "error" : undefined;
};

const languageErrors = "(TypeError|ReferenceError|RangeError|SyntaxError|URIError|EvalError)";

/** An error of JavaScript itself: first in a message, in what AVA shows of a thrown error, or as its type in TAP. */
const languageError = new RegExp(
  [
    `^(?:Uncaught )?${languageErrors}(?: \\[\\w+\\])?: `,
    `(?:thrown in|returned by) test[^\\n]*\\n\\s+${languageErrors}(?: \\[\\w+\\])? \\{`,
    `\\n\\s*type: ${languageErrors}\\s*\\n(?:[^]*?\\n)?\\s*tapCaught: `,
  ].join("|"),
);
const javaScriptMissing =
  /\S+ is not (?:a function|a constructor|defined)\b|does not provide an export named|^Cannot find (?:module|package) /m;

/** Why a JavaScript test failed, from a message without the error itself. Undefined if it shows no error of the language. */
export const javaScriptFailure = (message: string): TestFailure | undefined => {
  if (!languageError.test(message)) return undefined;
  return javaScriptMissing.test(message) ? "missing" : "error";
};
