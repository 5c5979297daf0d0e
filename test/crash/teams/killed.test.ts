import { resumesLikeUndisturbed, type KilledTeam } from "../../support/killed-run.ts";

/** Every checkpoint falls into one part, so that each can be run alone (`--grep "tdd, part 3"`). */
const PARTS = 8;

const nameOf = ({ team, attempts = 1 }: KilledTeam): string =>
  attempts === 1 ? team : `${team} with ${attempts} attempts`;

describe("a team run killed with SIGKILL and resumed at every checkpoint", function () {
  this.timeout(3_600_000);

  for (const killed of [{ team: "tdd" }, { team: "bug-fix" }, { team: "tdd", attempts: 2 }])
    for (let part = 1; part <= PARTS; part += 1)
      it(`${nameOf(killed)}, part ${part} of ${PARTS}: ends like an undisturbed one, without a further request`, () =>
        resumesLikeUndisturbed(killed, part, PARTS));
});
