import { DOUBTED, failureScript, REFUSED } from "./failure.ts";
import { matchersScript } from "./matchers.ts";

/**
 * A test runner for Jest that has jest-circus do the work, in the realm that the witness watches, and
 * tells the results itself, signed, before they go through pipes and files that others can write to.
 */
export const jestRunner = (jestFolder: string, folder: string): string => `"use strict";
const witness = process[Symbol.for("nodejs.coditect")];
delete process[Symbol.for("nodejs.coditect")];
const failureOf = ${failureScript};
const circus = require(require.resolve("jest-circus/runner", { paths: [${JSON.stringify(jestFolder)}] }));
const run = circus.default ?? circus;
// Jest hands an error on without its class; the message begins with its name.
const errorOf = ({ failureDetails = [], failureMessages = [] }) => {
  const [error] = failureDetails;
  if (error === null || typeof error !== "object" || error.name !== undefined) return error;
  // Of an AssertionError of Node, it leaves a text alone.
  if (Object.keys(error).join() === "message") return Object.create(error, { code: { value: "ERR_ASSERTION" } });
  const name = /^\\w*Error\\b/.exec(failureMessages[0] ?? "")?.[0];
  return name === undefined ? error : Object.create(error, { name: { value: name } });
};
module.exports = async (globalConfig, config, environment, runtime, testPath, ...rest) => {
  const finish = witness.watchRealm(environment.global, testPath);
  const setup = witness.settings.refuse_assertions ? [${JSON.stringify(folder)} + "/refuse.cjs"] : [];
  const watched = { ...config, setupFilesAfterEnv: [...setup, ...config.setupFilesAfterEnv] };
  const result = await run(globalConfig, watched, environment, runtime, testPath, ...rest);
  finish();
  for (const test of result.testResults) {
    const failed = test.status === "failed";
    if (test.status === "passed" && test.invocations > 1) witness.triedAgain(testPath, test.title);
    witness.tell({
      type: "test",
      file: testPath,
      name: [...test.ancestorTitles.filter((title) => title !== ""), test.title].join(" > "),
      status: failed ? "failed" : test.status === "passed" ? "passed" : "skipped",
      duration_ms: test.duration ?? null,
      message: failed ? (test.failureMessages ?? []).join("\\n\\n").slice(0, 20000) : null,
      failure: failed ? failureOf(errorOf(test)) : undefined,
    });
  }
  return result;
};
`;

/** Loaded into a file's realm where assertions are refused: every matcher throws. */
export const refusingSetup = `"use strict";
const expect = globalThis.expect ?? require("@jest/globals").expect;
const refusingMatchers = ${matchersScript};
const refuseAs = (message) => () => {
  const error = new Error(message);
  error.name = "AssertionError";
  throw error;
};
const refuse = refuseAs(${JSON.stringify(REFUSED)});
const doubt = refuseAs(${JSON.stringify(DOUBTED)});
const isOfPackage = () => /[\\\\/]node_modules[\\\\/]/.test(String(new Error().stack).split("\\n")[3] ?? "");
const matchers = {};
for (const name of Object.keys(expect(0))) if (name.startsWith("to")) matchers[name] = refuse;
const { extend } = expect;
expect.extend = (added) => extend(refusingMatchers(added, isOfPackage() ? refuse : doubt));
extend(refusingMatchers(matchers, refuse));
`;
