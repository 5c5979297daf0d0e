import { resumesLikeUndisturbed } from "../../support/killed-run.ts";

/** Checkpoints between two kills; `npm run test:crash` kills at every one. */
const STEP = 40;

/** A checkpoint at which two attempts are at work; no other one is tried. */
const DURING_ATTEMPTS = 28;
const EVERY_RUN = 1000;

describe("a team run killed with SIGKILL and resumed", function () {
  this.timeout(600_000);

  it("ends like an undisturbed one, without a further request to the model", () =>
    resumesLikeUndisturbed({ team: "bug-fix" }, 1, STEP));

  it("ends like an undisturbed one when it is killed while several agents attempt the code", () =>
    resumesLikeUndisturbed({ team: "tdd", attempts: 2 }, DURING_ATTEMPTS, EVERY_RUN));
});
