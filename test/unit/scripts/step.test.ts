import assert from "node:assert/strict";
import { runStep } from "../../../scripts/machine/step.ts";

const node = (script: string) => ({ says: "Trying", program: process.execPath, args: ["-e", script] });

describe("a step of the set-up", () => {
  it("that fails says what it did, what was written and how it ended", async () => {
    await assert.rejects(
      runStep(node("console.log('said'); console.error('complained'); process.exitCode = 7")),
      (error: Error) => {
        assert.match(error.message, /^Trying failed/);
        assert.match(error.message, /said/);
        assert.match(error.message, /complained/);
        assert.match(error.message, /exit code 7/);
        return true;
      },
    );
  });

  it("whose program is not there says so", async () => {
    const step = { says: "Trying", program: "/no/such/program", args: [] };
    await assert.rejects(runStep(step), /ENOENT/);
  });
});
