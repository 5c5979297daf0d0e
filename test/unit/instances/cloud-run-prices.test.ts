import assert from "node:assert/strict";
import { dollarsPerHour } from "../../../server/instances/drivers/cloud-run/prices.ts";

describe("the price of a container in Cloud Run", () => {
  const machine = { cpus: 2, memory_mb: 4096 };

  it("is that of its processors and its memory, by the tier of its region", () => {
    // 2 × $0.0648 + 4 × $0.0072, and a fifth more.
    assert.equal(dollarsPerHour("europe-west1", machine), 0.1584);
    assert.equal(dollarsPerHour("europe-west3", machine), 0.1901);
  });

  it("is unknown in a region that the table does not have", () => {
    assert.equal(dollarsPerHour("moon-north1", machine), null);
  });
});
