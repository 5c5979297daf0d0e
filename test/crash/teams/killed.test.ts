import { resumesLikeUndisturbed } from "../../support/killed-run.ts";

describe("a team run killed with SIGKILL and resumed at every checkpoint", function () {
  this.timeout(3_600_000);

  for (const team of ["tdd", "bug-fix"]) {
    it(`${team}: ends like an undisturbed one, without a further request to the model`, () =>
      resumesLikeUndisturbed(team, 1));
  }
});
