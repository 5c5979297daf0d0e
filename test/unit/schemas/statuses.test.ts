import assert from "node:assert/strict";
import { ExecutionStatus } from "../../../schemas/execution.ts";
import { RunStatus } from "../../../schemas/run.ts";
import {
  isFinalExecution,
  isRunActive,
  isRunEnded,
  isRunOpen,
  isRunResumable,
  offersResume,
} from "../../../schemas/statuses.ts";

const runs = (is: (status: RunStatus) => boolean) => RunStatus.options.filter(is);

describe("statuses", () => {
  it("of executions are final when nothing more happens", () => {
    const final = ExecutionStatus.options.filter(isFinalExecution);
    assert.deepEqual(final, ["Completed", "Failed", "Cancelled", "TimedOut"]);
  });

  it("of runs are either active or ended", () => {
    assert.deepEqual(runs(isRunActive), ["Queued", "Running", "WaitingForApproval"]);
    assert.deepEqual(
      runs(isRunEnded),
      RunStatus.options.filter((status) => !isRunActive(status)),
    );
    assert.deepEqual(runs(isRunOpen), ["Queued", "Running", "WaitingForApproval", "Interrupted"]);
  });

  it("let a run be resumed that its gates did not end", () => {
    assert.deepEqual(runs(isRunResumable), ["Failed", "LimitReached", "Cancelled", "Interrupted"]);
    assert.deepEqual(runs(offersResume), ["Failed", "LimitReached", "Interrupted"]);
  });
});
