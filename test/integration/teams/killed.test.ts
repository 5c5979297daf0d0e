import { resumesLikeUndisturbed } from "../../support/killed-run.ts";

/** Checkpoints between two kills; `npm run test:crash` kills at every one. */
const STEP = 24;

describe("a team run killed with SIGKILL and resumed", function () {
  this.timeout(600_000);

  for (const team of ["tdd", "bug-fix"]) {
    it(`${team}: ends like an undisturbed one, without a further request to the model`, () =>
      resumesLikeUndisturbed(team, 1, STEP));
  }
});
