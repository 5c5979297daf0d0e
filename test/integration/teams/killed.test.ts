import { resumesLikeUndisturbed } from "../../support/killed-run.ts";

/** A checkpoint at which two attempts are at work. */
const DURING_ATTEMPTS = 46;
/** Checkpoints from one kill to the next; `npm run test:crash` kills at every one. */
const STEP = 40;

describe("a team run killed with SIGKILL and resumed", function () {
  this.timeout(600_000);

  it("ends like an undisturbed one, without a further request to the model", () =>
    resumesLikeUndisturbed({ team: "bug-fix", attempts: 2 }, DURING_ATTEMPTS, STEP));
});
