import { endsProperly } from "./chaos.ts";

/** `npm run test:crash` runs 200. */
const EXECUTIONS = 24;

describe("chaos", () => {
  if (process.platform !== "linux") return;

  it(`ends ${EXECUTIONS} executions properly, whatever is killed, stopped or out of memory`, () =>
    endsProperly(EXECUTIONS, 4));
});
