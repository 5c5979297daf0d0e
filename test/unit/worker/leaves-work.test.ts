import assert from "node:assert/strict";
import { leavesWork } from "../../../server/worker/tools/run-command.ts";

describe("what a command leaves in the copy", () => {
  for (const line of ["npx prettier --write .", "npm run build", "node scripts/generate.js", "vitest -u"])
    it(`is the agent's work: ${line}`, () => {
      assert.equal(leavesWork(line.split(" ")), true);
    });
  for (const line of [
    "npm test",
    "npm run test:unit",
    "yarn test",
    "npx --no jest",
    "pytest -q",
    "go test ./...",
    "node --import tsx --test",
    "cargo test",
  ])
    it(`is a trace of tests: ${line}`, () => {
      assert.equal(leavesWork(line.split(" ")), false);
    });
});
