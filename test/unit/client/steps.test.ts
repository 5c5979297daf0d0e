import assert from "node:assert/strict";
import type { ChangeDecision } from "../../../schemas/changes.ts";
import { createModel, newRun, type RunRecord } from "../../../client/tree/model.ts";
import { doneSteps } from "../../../client/tree/steps.ts";
import { file } from "./events.ts";

const after = (run: Partial<RunRecord>) => {
  const record = newRun(createModel(), "file:///bill", "1", "2026-01-31T12:00:00.000Z");
  return doneSteps({ runs: new Map([["1", { ...record, model: "Ollama/qwen3-coder", ...run }]]) });
};
const changed = (decision: ChangeDecision): Partial<RunRecord> => ({
  status: "Succeeded",
  changes: [{ ...file("src/bill.js"), decision }],
});

describe("the walkthrough", () => {
  it("ticks no step whose action did not succeed", () => {
    for (const status of ["Queued", "Running", "Failed", "GateFailed", "Cancelled", "Interrupted"] as const)
      for (const model of ["Ollama/qwen3-coder", "Ollama/rehearsal"])
        assert.deepEqual(after({ ...changed("Accepted"), status, model }), [], `${status} with ${model}`);
  });

  it("ticks a run of the user's own, and the rehearsal apart from it", () => {
    assert.deepEqual(after({ status: "Succeeded" }), ["coditect.ranOwn"]);
    assert.deepEqual(after({ status: "Succeeded", model: "Ollama/rehearsal" }), ["coditect.rehearsed"]);
  });

  it("ticks the review when a change was applied, not when it was discarded", () => {
    for (const decision of ["Pending", "Discarded"] as const)
      assert.deepEqual(after(changed(decision)), ["coditect.ranOwn"], decision);
    for (const decision of ["Accepted", "Edited"] as const)
      assert.deepEqual(after(changed(decision)), ["coditect.ranOwn", "coditect.applied"], decision);
  });
});
