import type { Suite } from "mocha";

/**
 * Skips every test of the suite it is called in, and its hooks, if there is a reason: a part of the
 * machine that cannot be had. Call it before the suite's hooks and tests. The reason is shown at the
 * end of `npm test`; with `CI=true` a skip is a failure.
 */
export const skipUnlessNull = (suite: Suite, reason: string | null): void => {
  if (reason !== null) Object.assign(suite, { skipReason: reason, pending: true });
};
