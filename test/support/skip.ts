import type { Suite } from "mocha";

/**
 * Skips all tests and hooks of the suite if there is a reason, such as a missing part of the machine. Call it before
 * the suite's hooks and tests. `npm test` shows the reason at the end. With `CI=true`, a skip is a failure.
 */
export const skipUnlessNull = (suite: Suite, reason: string | null): void => {
  if (reason !== null) Object.assign(suite, { skipReason: reason, pending: true });
};
