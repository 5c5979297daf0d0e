import { endsProperly } from "../../integration/instances/chaos.ts";

const EXECUTIONS = Number(process.env.CHAOS ?? 200);

describe("chaos", function () {
  this.timeout(600_000);
  if (process.platform !== "linux") return;

  for (const seed of [1, 2, 3])
    it(`ends ${EXECUTIONS} executions properly, whatever is killed, stopped or out of memory (${seed})`, () =>
      endsProperly(EXECUTIONS, seed));
});
