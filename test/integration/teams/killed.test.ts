import assert from "node:assert/strict";
import { shippedPath } from "../../../server/installation.ts";
import { builtInScript } from "../../../server/rehearsal/built-in.ts";
import { startRehearsal, type RehearsalServer } from "../../../server/rehearsal/server.ts";
import { runKilledAt, type RunOutcome } from "../../support/killed-run.ts";

/** Checkpoints between two kills; `npm run test:crash` sets 1: every one of them. */
const STEP = Number(process.env.CODITECT_CRASH_STEP ?? 12);

describe("a team run killed with SIGKILL and resumed", function () {
  this.timeout(600_000);
  let model: RehearsalServer;
  let undisturbed: RunOutcome;
  const request = {
    project: shippedPath("media", "sample"),
    team: "tdd",
    task: "",
    file: null as string | null,
  };

  before(async () => {
    const script = await builtInScript("tdd");
    Object.assign(request, { task: script.task, file: script.file });
    model = await startRehearsal([script]);
    undisturbed = await runKilledAt(0, model, request);
    assert.equal(undisturbed.status, "Succeeded");
  });
  after(() => model.close());

  it(`ends like an undisturbed one, without a further request to the model (every ${STEP}. checkpoint)`, async () => {
    const { checkpoints, ...expected } = undisturbed;
    for (let checkpoint = 1; checkpoint < checkpoints; checkpoint += STEP) {
      const { checkpoints: _, ...outcome } = await runKilledAt(checkpoint, model, request);
      assert.deepEqual(outcome, expected, `killed after checkpoint ${checkpoint} of ${checkpoints}`);
    }
  });
});
