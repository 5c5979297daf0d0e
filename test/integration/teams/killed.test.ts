import { resumesLikeUndisturbed } from "../../support/killed-run.ts";

/** Checkpoints between two kills; `npm run test:crash` kills at every one. */
const STEP = 40;

/** A checkpoint at which two attempts are at work; no other one is tried. */
const DURING_ATTEMPTS = 28;
const EVERY_RUN = 1000;

describe("a team run killed with SIGKILL and resumed", function () {
  this.timeout(600_000);

  for (const team of ["tdd", "bug-fix"]) {
    it(`${team}: ends like an undisturbed one, without a further request to the model`, () =>
      resumesLikeUndisturbed({ team }, 1, STEP));
  }

  it("several attempts at the code: end like undisturbed ones, without a further request", () =>
    resumesLikeUndisturbed({ team: "tdd", attempts: 2 }, DURING_ATTEMPTS, EVERY_RUN));
});
