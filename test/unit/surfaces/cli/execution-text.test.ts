import assert from "node:assert/strict";
import { executionText } from "../../../../server/surfaces/cli/display/execution.ts";
import { anExecution } from "../../../support/records.ts";

describe("an execution as the command line shows it", () => {
  const plain = { style: (_: unknown, text: string) => text };

  it("lists what its context left out, and why", () => {
    const execution = anExecution("00000000-0000-4000-8000-000000000000");
    const reason = "needs about 900 tokens; 20 are left";
    const left = { ...execution.metadata, context_left_out: [{ name: "src/tax.ts", reason }] };
    const text = executionText({ ...execution, metadata: left }, plain);
    assert.match(text, /Not in the context\n {2}src\/tax\.ts +needs about 900 tokens; 20 are left\n/);
    assert.doesNotMatch(executionText(execution, plain), /Not in the context/);
  });
});
