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
