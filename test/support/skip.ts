import { before, type Suite } from "mocha";

/**
 * Skips every test of the suite it is called in, if there is a reason: a part of the machine that
 * cannot be had. The reason is shown at the end of `npm test`; with `CI=true` a skip is a failure.
 */
export const skipUnlessNull = (suite: Suite, reason: string | null): void => {
  if (reason === null) return;
  Object.assign(suite, { skipReason: reason });
  before(function () {
    this.skip();
  });
};
