import { resumesLikeUndisturbed } from "../../support/killed-run.ts";

/** Every checkpoint falls into one part, so that each can be run alone (`--grep "tdd, part 3"`). */
const PARTS = 8;

describe("a team run killed with SIGKILL and resumed at every checkpoint", function () {
  this.timeout(3_600_000);

  for (const team of ["tdd", "bug-fix"])
    for (let part = 1; part <= PARTS; part += 1)
      it(`${team}, part ${part} of ${PARTS}: ends like an undisturbed one, without a further request`, () =>
        resumesLikeUndisturbed(team, part, PARTS));
});
