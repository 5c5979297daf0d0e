/** The text of the error that an assertion throws in a run that refuses assertions. */
export const REFUSED = "coditect: an assertion was reached";

/** The same of an assertion that the project itself wrote, which may be one that never fails. */
export const DOUBTED = "coditect: an assertion of the project was reached";

/** What is reported of a test that failed before it passed; its name follows. */
export const TRIED_AGAIN = "has a test that passes only when it is tried again: ";

/**
 * Why a test failed, as a function of its error for the scripts that run inside runners: see
 * `TestFailure`. An assertion is known by its error's name or code, never by its message.
 */
export const failureScript = String.raw`(function failureOf(error) {
  // A test whose wait never ends fails by its own deadline.
  if (typeof error === "string") return /^test timed out after/.test(error) ? "assertion" : "error";
  if (error === null || typeof error !== "object") return "error";
  if (error.code === "ERR_MOCHA_TIMEOUT" || error.failureType === "testTimeoutFailure") return "assertion";
  if (/^Exceeded timeout of|^Test timed out in|^thrown: "Exceeded timeout/.test(String(error.message ?? error))) return "assertion";
  // fast-check wraps what a property threw; one that answered false is an assertion of its own.
  if (/^Property (failed|interrupted) /.test(String(error.message)))
    return error.cause !== null && typeof error.cause === "object" ? failureOf(error.cause) : "assertion";
  // An expectation of a promise got none: the code does not answer later yet.
  if (/^You must provide a Promise to expect\(\)/.test(String(error.message))) return "assertion";
  if (/^ERR_INVALID_(ARG_TYPE|RETURN_VALUE)$/.test(error.code) && /"promiseFn"/.test(String(error.message))) return "assertion";
  if (/^Snapshot [^]*mismatched/.test(String(error.message))) return "assertion";
  const chain = [error, error.cause, error.actual].filter((each) => each !== null && typeof each === "object");
  const says = (text) => chain.some((each) => String(each.message ?? "").includes(text));
  if (says("${REFUSED}")) return "refused";
  if (says("${DOUBTED}")) return "doubted";
  const name = String(error.name ?? "");
  // supertest makes plain errors in methods with such names. It calls the test's own functions from others.
  const isOfSupertest = /^\s*at (?:async )?\w+\._assert(?:Body|Header|Status)\w* \(.*[\\/]node_modules[\\/]supertest[\\/]/m.test(String(error.stack ?? ""));
  const isAssertion = isOfSupertest ||
    error.code === "ERR_ASSERTION" || /Assert|^(ExpectationError|TestingLibraryElementError)$/.test(name) || /^Assertion/.test(error.constructor?.name ?? "") ||
    error.matcherResult !== undefined || error._isUnexpected === true || (error.showDiff !== undefined && "expected" in error);
  if (isAssertion) {
    const actual = error.actual;
    return isMissing(actual) ? "missing" : "assertion";
  }
  return isMissing(error) ? "missing" : "error";
  function isMissing(thrown) {
    if (thrown === null || typeof thrown !== "object" || !/^(TypeError|ReferenceError|SyntaxError|Error)$/.test(thrown.name)) return false;
    return /^(\(0 ?, ?\S+\)|\S+) is not (a function|a constructor|defined)|^\(intermediate value\)\S* is not a (function|constructor)|does not provide an export named|^Cannot find (module|package) |^Failed to (load|resolve) |is not a function\. \(In /.test(String(thrown.message ?? ""));
  }
})`;
