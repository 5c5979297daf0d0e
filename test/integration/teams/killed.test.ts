import assert from "node:assert/strict";
import { shippedPath } from "../../../server/installation.ts";
import { builtInScript } from "../../../server/rehearsal/built-in.ts";
import { startRehearsal } from "../../../server/rehearsal/server.ts";
import { runKilledAt } from "../../support/killed-run.ts";

/** Checkpoints between two kills; `npm run test:crash` sets 1: every one of them. */
const STEP = Number(process.env.CODITECT_CRASH_STEP ?? 24);

describe("a team run killed with SIGKILL and resumed", function () {
  this.timeout(1_800_000);

  for (const team of ["tdd", "bug-fix"]) {
    it(`${team}: ends like an undisturbed one, without a further request to the model`, async () => {
      const script = await builtInScript(team);
      const model = await startRehearsal([script]);
      const { task, file } = script;
      const request = { project: shippedPath("media", "sample"), team, task, file };
      try {
        const { checkpoints, ...expected } = await runKilledAt(0, model, request);
        assert.equal(expected.status, "Succeeded");
        for (let checkpoint = 1; checkpoint < checkpoints; checkpoint += STEP) {
          const { checkpoints: _, ...outcome } = await runKilledAt(checkpoint, model, request);
          assert.deepEqual(outcome, expected, `killed after checkpoint ${checkpoint} of ${checkpoints}`);
        }
      } finally {
        await model.close();
      }
    });
  }
});
